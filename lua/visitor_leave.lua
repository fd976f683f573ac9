-- A connection is gone: the visitor is offline, if no other has its seat.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] visitor, [2] connection, [3] remember_ms
-- Returns {'left', visitor}, also when it was not there
local visitor, connection, remember_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

if string.match(seat_of(visitor), '^%d+') == connection then
  see(visitor, 0, remember_ms)
  redis.call('ZREM', leases, visitor)
  redis.call('HDEL', records, 's:' .. visitor)
  keep(remember_ms)
end
return { 'left', echo }
