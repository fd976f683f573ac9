-- Takes one try off two budgets, or off none.
--
-- KEYS    own, all  STRINGs: tries in the windows of an address and of everybody
-- ARGV    [1] tag of the address, [2] most tries of it, [3] most tries of all, [4] window_ms
-- Returns {'allowed', tag}
--         {'limited', tag, retry_ms}
local own, all = KEYS[1], KEYS[2]
local tag, own_most, all_most, window_ms = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

-- How long a try must wait: 0 where there is room for it.
local function wait_ms(key, most)
  if tonumber(redis.call('GET', key) or 0) < most then
    return 0
  end
  local left = redis.call('PTTL', key)
  return math.max(left == -2 and window_ms or left, 1)
end

local wait = math.max(wait_ms(own, own_most), wait_ms(all, all_most))
if wait > 0 then
  return { 'limited', tag, wait }
end
for _, key in ipairs(KEYS) do
  redis.call('INCR', key)
  if redis.call('PTTL', key) < 0 then
    redis.call('PEXPIRE', key, window_ms)
  end
end
return { 'allowed', tag }
