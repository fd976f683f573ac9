-- Redeems a code: for a consumer once, for agents as often as they come.
--
-- KEYS    code  HASH, see README.md
-- ARGV    [1] the code, [2] 'consumer' or 'agent'
-- Returns {'redeemed', code, customer token, cid}
--         {'used', code}  a consumer has redeemed it
--         {'unknown', code}
local code = KEYS[1]
local digits, is_consumer = ARGV[1], ARGV[2] == 'consumer'

local read = redis.call('HMGET', code, 't', 'c', 'u')
if not read[1] then
  return { 'unknown', digits }
elseif is_consumer and read[3] then
  return { 'used', digits }
end
if is_consumer then
  redis.call('HSET', code, 'u', '1')
end
return { 'redeemed', digits, read[1], read[2] }
