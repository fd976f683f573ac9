-- The live sessions of an account.
--
-- KEYS    leases, records, pools
-- ARGV    [1] a text to echo, [2] most sessions
-- Returns {'sessions', echo, {{session, expires_ms, record}, …}}  oldest first within a pool
--         {'again', echo}                                         purging took all the time
if not purge() then
  return { 'again', echo }
end
local sessions = {}
for _, member in ipairs(redis.call('ZRANGE', pools, 0, ARGV[2] - 1)) do
  local id = string.sub(member, TAG + STAMP + 1)
  local expires = tonumber(redis.call('ZSCORE', leases, 's:' .. id))
  sessions[#sessions + 1] = { id, expires, redis.call('HGET', records, 's:' .. id) }
end
return { 'sessions', echo, sessions }
