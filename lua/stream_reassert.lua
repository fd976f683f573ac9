-- A holder puts back a session the store forgot. A tombstone or a newer generation knows better.
--
-- KEYS    leases, records, pools
-- ARGV    [1] session, [2] its whole record (JSON)
-- Returns {'live', session, expires_ms}
--         {'ended', session, tombstone}
--         {'superseded', session, generation}
local session, record = ARGV[1], cjson.decode(ARGV[2])
local ended = tombstone(session)
if ended then
  return { 'ended', echo, ended }
end
local text = redis.call('HGET', records, 's:' .. session)
if text then
  local present = cjson.decode(text)
  if present.g > record.g then
    return { 'superseded', echo, present.g }
  end
  record.c = present.c
  forget(session, present)
end
local expires = now + record.l
redis.call('ZADD', pools, 0, member_of(session, record))
if record.d then
  redis.call('HSETNX', records, 'd:' .. record.d, session)
end
put(session, record, expires, true)
if record.h then
  note_node(record.h, expires, record.l)
end
return { 'live', echo, expires }
