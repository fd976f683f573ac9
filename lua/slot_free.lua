-- Gives a slot back.
--
-- KEYS    slots  ZSET: token of a session → end of its lease (ms)
-- ARGV    [1] token
-- Returns {'freed', token}, also when it had none
local slots = KEYS[1]
local token = ARGV[1]

redis.call('ZREM', slots, token)
return { 'freed', token }
