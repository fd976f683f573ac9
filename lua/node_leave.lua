-- Removes a node's entry.
--
-- KEYS[1] node leases   ZSET name -> end of lease (ms)
-- KEYS[2] node records  HASH name -> record
-- ARGV[1] name
--
-- Returns {"left"}, also when there was no entry
local leases, records = KEYS[1], KEYS[2]
local name = ARGV[1]

redis.call('ZREM', leases, name)
redis.call('HDEL', records, name)
return { 'left' }
