-- Renews a slot that is held. Never takes.
--
-- KEYS    slots  ZSET: token of a session → end of its lease (ms)
-- ARGV    [1] token, [2] lease_ms
-- Returns {'renewed', token}, also when it had none
local slots = KEYS[1]
local token, lease_ms = ARGV[1], tonumber(ARGV[2])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

if tonumber(redis.call('ZSCORE', slots, token) or 0) > now then
  redis.call('ZADD', slots, now + lease_ms, token)
  redis.call('PEXPIRE', slots, math.max(redis.call('PTTL', slots), lease_ms))
end
return { 'renewed', token }
