-- What every stream_*.lua begins with: the account's three keys, its clock, its bookkeeping.
--
-- KEYS    leases (ZSET), records (HASH), pools (ZSET): see README.md
-- ARGV    [1] a text that every reply echoes behind its word, so that a desynchronised
--         connection is noticed: the session id, where the script has one
-- Returns nothing: defines locals
local leases, records, pools = KEYS[1], KEYS[2], KEYS[3]
local echo = ARGV[1]

local SLACK_MS = 600000 -- life of the keys beyond their last lease
local TAG, STAMP = 12, 16 -- widths inside a member of pools: tag of the pool, creation time

local time = redis.call('TIME')
local now_us = time[1] * 1000000 + time[2]
local now = math.floor(now_us / 1000)

local function digits(number)
  return string.format('%.0f', number)
end

local function member_of(id, record)
  return record.t .. record.c .. id
end

local function expiry(field)
  return tonumber(redis.call('ZSCORE', leases, field) or 0)
end

-- A field may be gone without its lease, and the other way round, where somebody deleted a key.
local function live(id)
  local expires = expiry('s:' .. id)
  local text = expires > now and redis.call('HGET', records, 's:' .. id)
  if text then
    return cjson.decode(text), expires, text
  end
end

local function tombstone(id)
  return expiry('t:' .. id) > now and redis.call('HGET', records, 't:' .. id)
end

-- The keys outlive what they hold; `all` where a key may just have come into being.
local function keep(expires, all)
  local left, wanted = redis.call('PTTL', leases), expires - now + SLACK_MS
  if all or left < wanted - SLACK_MS / 2 then
    for _, key in ipairs(KEYS) do
      redis.call('PEXPIRE', key, digits(math.max(left, wanted)))
    end
  end
end

local function put(id, record, expires, all)
  local text = cjson.encode(record)
  redis.call('HSET', records, 's:' .. id, text)
  redis.call('ZADD', leases, digits(expires), 's:' .. id)
  keep(expires, all)
  return text
end

local function forget(id, record)
  redis.call('HDEL', records, 's:' .. id)
  redis.call('ZREM', leases, 's:' .. id)
  redis.call('ZREM', pools, member_of(id, record))
  if record.d and redis.call('HGET', records, 'd:' .. record.d) == id then
    redis.call('HDEL', records, 'd:' .. record.d)
  end
end
