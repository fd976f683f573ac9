-- The live sessions of an account. Reads only: what lapsed is passed over, not swept.
--
-- KEYS    leases, records, pools
-- ARGV    [1] a text to echo, [2] most sessions
-- Returns {'sessions', echo, {{session, expires_ms, record}, …}}  oldest first within a pool
local sessions = {}
for _, member in ipairs(redis.call('ZRANGE', pools, 0, ARGV[2] - 1)) do
  local id = string.sub(member, TAG + STAMP + 1)
  local _, expires, text = live(id)
  if text then
    sessions[#sessions + 1] = { id, expires, text }
  end
end
return { 'sessions', echo, sessions }
