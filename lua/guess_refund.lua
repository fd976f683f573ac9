-- Gives a try back to two budgets, as far as their windows still run.
--
-- KEYS    own, all  STRINGs: tries in the windows of an address and of everybody
-- ARGV    [1] tag of the address
-- Returns {'refunded', tag}
local tag = ARGV[1]

for _, key in ipairs(KEYS) do
  if tonumber(redis.call('GET', key) or 0) > 0 then
    redis.call('DECR', key)
  end
end
return { 'refunded', tag }
