-- Takes a slot, if fewer than `limit` sessions hold one. Who holds one keeps it, and renews it.
--
-- KEYS    slots  ZSET: token of a session → end of its lease (ms)
-- ARGV    [1] token, [2] limit, [3] lease_ms, [4] most holders to tell of
-- Returns {'taken', token}
--         {'full', token, {token of a holder, …}}
local slots = KEYS[1]
local token, limit, lease_ms, most = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

redis.call('ZREMRANGEBYSCORE', slots, '-inf', now)
if not redis.call('ZSCORE', slots, token) and redis.call('ZCARD', slots) >= limit then
  return { 'full', token, redis.call('ZRANGE', slots, 0, most - 1) }
end
redis.call('ZADD', slots, now + lease_ms, token)
redis.call('PEXPIRE', slots, math.max(redis.call('PTTL', slots), lease_ms))
return { 'taken', token }
