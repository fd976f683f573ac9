-- Uses up an id that may be used once.
--
-- KEYS    used  STRING
-- ARGV    [1] tag of the id, [2] ttl_ms
-- Returns {'used_up', tag}
--         {'used', tag}  it was used before
local used = KEYS[1]
local tag, ttl_ms = ARGV[1], tonumber(ARGV[2])

if redis.call('EXISTS', used) == 1 then
  return { 'used', tag }
elseif ttl_ms > 0 then
  redis.call('SET', used, '1', 'PX', ARGV[2])
end
return { 'used_up', tag }
