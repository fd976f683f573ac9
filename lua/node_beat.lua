-- Writes or renews a node's entry for the length of its lease, and purges some that expired.
--
-- KEYS[1] node leases   ZSET name -> end of lease (ms)
-- KEYS[2] node records  HASH name -> record
-- ARGV[1] name
-- ARGV[2] record        JSON with "v"
-- ARGV[3] lease_ms
--
-- Returns {"beaten"}
local leases, records = KEYS[1], KEYS[2]
local name, record, lease_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZADD', leases, now + lease_ms, name)
redis.call('HSET', records, name, record)

-- Names may be new with every start: killed nodes must not pile up where nobody lists. More than
-- 100 expire between two beats of a cluster only once, and the next beats purge the rest.
for _, expired in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, 100)) do
  redis.call('ZREM', leases, expired)
  redis.call('HDEL', records, expired)
end

-- The keys outlive the longest lease in them, and vanish when nobody beats any more.
for _, key in ipairs(KEYS) do
  if redis.call('PTTL', key) < lease_ms then
    redis.call('PEXPIRE', key, lease_ms)
  end
end
return { 'beaten' }
