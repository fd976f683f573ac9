-- Counts watched sessions of a day.
--
-- KEYS    count  STRING
-- ARGV    [1] day, [2] add, [3] ttl_ms
-- Returns {'counted', day, count}
local count = KEYS[1]
local day, add, ttl_ms = ARGV[1], ARGV[2], ARGV[3]

local counted = redis.call('INCRBY', count, add)
redis.call('PEXPIRE', count, ttl_ms)
return { 'counted', day, counted }
