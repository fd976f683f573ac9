-- Writes a code.
--
-- KEYS    code  HASH, see README.md
-- ARGV    [1] the code, [2] customer token, [3] cid, [4] ttl_ms
-- Returns {'created', code}
--         {'taken', code}
local code = KEYS[1]
local digits, customer_token, cid, ttl_ms = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

if redis.call('EXISTS', code) == 1 then
  return { 'taken', digits }
end
redis.call('HSET', code, 'v', 1, 't', customer_token, 'c', cid)
redis.call('PEXPIRE', code, ttl_ms)
return { 'created', digits }
