-- Lists the nodes whose lease runs, and purges the others.
--
-- KEYS[1] node leases   ZSET name -> end of lease (ms)
-- KEYS[2] node records  HASH name -> record
-- ARGV    none
--
-- Returns {"nodes", record, ...}
local leases, records = KEYS[1], KEYS[2]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for _, name in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now)) do
  redis.call('ZREM', leases, name)
  redis.call('HDEL', records, name)
end

local reply = { 'nodes' }
for _, name in ipairs(redis.call('ZRANGE', leases, 0, -1)) do
  local record = redis.call('HGET', records, name)
  if record then
    reply[#reply + 1] = record
  end
end
return reply
