-- Reads the store's epoch, and begins one where the store has none.
--
-- KEYS[1] epoch  STRING
-- ARGV[1] fresh  a random text, used only when there is no epoch
--
-- Returns {"epoch", epoch}
local epoch = KEYS[1]
local fresh = ARGV[1]

-- Not SET NX GET: Redis 6.2 refuses the two together.
redis.call('SET', epoch, fresh, 'NX')
return { 'epoch', redis.call('GET', epoch) }
