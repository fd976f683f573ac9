-- Tries every command that scripts call, so that a user who may not is told of before anything depends on it.
--
-- KEYS[1] scratch  any type; gone afterwards
-- ARGV    none
--
-- Returns {"permitted"} or {"forbidden", command …}
local scratch = KEYS[1]
local reply = { 'permitted' }

-- As Redis 7.0, later releases and Valkey, and Redis 6.2 tell it.
local function is_denial(failure)
    local has = function(part) return failure:find(part, 1, true) end
    return has('NOPERM') or has('ACL failure') or has("can't run this command")
end

local function try(command, answer)
    if type(answer) == 'table' and answer.err and is_denial(answer.err) then
        reply[1] = 'forbidden'
        table.insert(reply, command)
    end
end

try('TIME', redis.pcall('TIME'))
try('SET', redis.pcall('SET', scratch, 1))
try('GET', redis.pcall('GET', scratch))
try('EXISTS', redis.pcall('EXISTS', scratch))
try('PTTL', redis.pcall('PTTL', scratch))
try('INCR', redis.pcall('INCR', scratch))
try('INCRBY', redis.pcall('INCRBY', scratch, 1))
try('DECR', redis.pcall('DECR', scratch))
try('DEL', redis.pcall('DEL', scratch))
try('HSET', redis.pcall('HSET', scratch, 'f', 1))
try('HSETNX', redis.pcall('HSETNX', scratch, 'f', 1))
try('HGET', redis.pcall('HGET', scratch, 'f'))
try('HMGET', redis.pcall('HMGET', scratch, 'f'))
try('HDEL', redis.pcall('HDEL', scratch, 'f'))
try('ZADD', redis.pcall('ZADD', scratch, 0, 'm'))
try('ZCARD', redis.pcall('ZCARD', scratch))
try('ZSCORE', redis.pcall('ZSCORE', scratch, 'm'))
try('ZCOUNT', redis.pcall('ZCOUNT', scratch, 0, 0))
try('ZLEXCOUNT', redis.pcall('ZLEXCOUNT', scratch, '-', '+'))
try('ZRANGE', redis.pcall('ZRANGE', scratch, 0, -1))
try('ZREVRANGE', redis.pcall('ZREVRANGE', scratch, 0, -1))
try('ZRANGEBYSCORE', redis.pcall('ZRANGEBYSCORE', scratch, 0, 0))
try('ZREMRANGEBYSCORE', redis.pcall('ZREMRANGEBYSCORE', scratch, 0, 0))
try('ZREM', redis.pcall('ZREM', scratch, 'm'))
try('RPUSH', redis.pcall('RPUSH', scratch, 1))
try('LRANGE', redis.pcall('LRANGE', scratch, 0, -1))
try('LTRIM', redis.pcall('LTRIM', scratch, 0, -1))
try('PEXPIRE', redis.pcall('PEXPIRE', scratch, 1))
redis.pcall('DEL', scratch)
return reply
