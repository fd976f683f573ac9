-- Notes the session a visitor is invited to. A repeat of the same invitation is no other one.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] visitor, [2] the session that is expected to be noted or '', [3] session
-- Returns {'invited', visitor, seat or ''}
--         {'other', visitor, session}  another is noted
--         {'unknown', visitor}
local visitor, expected, session = ARGV[1], ARGV[2], ARGV[3]

if not is_known(visitor) then
  return { 'unknown', echo }
end
local noted = part('i', visitor)
if noted ~= '' and noted ~= expected and noted ~= session then
  return { 'other', echo, noted }
end
redis.call('HSET', records, 'i:' .. visitor, session)
return { 'invited', echo, seat_of(visitor) }
