-- Notes which session a history id names, for at least so long.
--
-- KEYS    history  STRING: token
-- ARGV    [1] history id, [2] token, [3] ttl_ms
-- Returns {'kept', history id}
local history = KEYS[1]
local id, token, ttl_ms = ARGV[1], ARGV[2], tonumber(ARGV[3])

if redis.call('GET', history) ~= token or redis.call('PTTL', history) < ttl_ms then
  redis.call('SET', history, token, 'PX', ttl_ms)
end
return { 'kept', id }
