-- Writes a new session with its first events.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] record, [3] live_ms, [4] remember_ms, [5] history id,
--         [6] '1' where the record has an end, [7…] events
-- Returns {'created', token, history id, history_ttl_ms}
--         {'taken', token}
if redis.call('EXISTS', session) == 1 then
  return { 'taken', token }
end
redis.call('DEL', trail)
local live_ms, remember_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local s = { version = 1, created = now, expires = now + live_ms, fence = 0, history_until = 0 }
live(s, live_ms, remember_ms)
s.ended = ARGV[6] == '1'
if s.ended then
  finish(s)
end
redis.call('HSET', session, 'j', ARGV[2], 'h', ARGV[5])
for at = 7, #ARGV do
  note(ARGV[at])
end
return { 'created', token, save(s) }
