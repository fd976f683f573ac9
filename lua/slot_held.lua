-- How many slots are held now.
--
-- KEYS    slots  ZSET: token of a session → end of its lease (ms)
-- ARGV    [1] name of the scope
-- Returns {'held', scope, count}
local slots = KEYS[1]
local scope = ARGV[1]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

return { 'held', scope, redis.call('ZCOUNT', slots, string.format('(%.0f', now), '+inf') }
