-- A host puts back a session that the store forgot. Its trail is lost.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] record, [3] live_ms, [4] remember_ms, [5] history id,
--         [6] '1' where the record has an end, [7] version, [8] created_ms, [9] fence,
--         [10] owner or '', [11] lease_ms
-- Returns {'restored', token, history id, history_ttl_ms}
--         {'taken', token}  it is there
if redis.call('EXISTS', session) == 1 then
  return { 'taken', token }
end
redis.call('DEL', trail)
local live_ms, remember_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local owner, lease_ms = ARGV[10], tonumber(ARGV[11])
local s = { version = tonumber(ARGV[7]), created = tonumber(ARGV[8]), fence = tonumber(ARGV[9]) }
s.expires, s.history_until = now + live_ms, 0
live(s, live_ms, remember_ms)
redis.call('HSET', session, 'j', ARGV[2], 'h', ARGV[5])
if owner ~= '' then
  redis.call('HSET', session, 'o', owner)
  s.lease = now + lease_ms
end
s.ended = ARGV[6] == '1'
if s.ended then
  finish(s)
end
return { 'restored', token, save(s) }
