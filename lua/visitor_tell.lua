-- Updates the profile of a visitor, if that connection has the seat.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] visitor, [2] connection, [3] profile
-- Returns {'told', visitor}
--         {'not_seated', visitor}  another has the seat, or nobody
local visitor, connection, profile = ARGV[1], ARGV[2], ARGV[3]

if string.match(seat_of(visitor), '^%d+') ~= connection then
  return { 'not_seated', echo }
end
redis.call('HSET', records, 'p:' .. visitor, profile)
return { 'told', echo }
