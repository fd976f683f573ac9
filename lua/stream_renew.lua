-- Renews the lease of a session whose socket a node holds, or says why it may not. Never creates.
--
-- KEYS    leases, records, pools
-- ARGV    [1] session, [2] generation the holder was given, [3] node that holds it,
--         [4] held_until_ms, the end of the lease the holder knows of,
--         [5] '1' where the store was away from the holder: a lapsed lease is forgiven
-- Returns {'live', session, expires_ms}
--         {'ended', session, tombstone}
--         {'superseded', session, generation}  a newer holder, or none since its socket dropped
--         {'expired', session}
--         {'forgotten', session}  a lease that should still run is not here: data was lost
local session, generation, node = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local held_until, store_was_away = tonumber(ARGV[4]), ARGV[5] == '1'
local text = redis.call('HGET', records, 's:' .. session)
if not text then
  local ended = tombstone(session)
  if ended then
    return { 'ended', echo, ended }
  end
  return { held_until > now and 'forgotten' or 'expired', echo }
end
local record = cjson.decode(text)
if record.g < generation then
  return { 'forgotten', echo }
elseif record.g > generation or record.h ~= node then
  return { 'superseded', echo, record.g }
elseif not store_was_away and expiry('s:' .. session) <= now then
  return { 'expired', echo }
end
local expires = now + record.l
redis.call('ZADD', leases, digits(expires), 's:' .. session)
note_node(node, expires, record.l)
keep(expires)
return { 'live', echo, expires }
