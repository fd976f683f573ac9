-- What every stream_*.lua begins with: the account's three keys, its clock, its bookkeeping.
--
-- KEYS    leases (ZSET), records (HASH), pools (ZSET): see README.md
-- ARGV    [1] a text that every reply echoes behind its word, so that a desynchronised
--         connection is noticed: the session id, where the script has one
-- Returns nothing: defines locals
local leases, records, pools = KEYS[1], KEYS[2], KEYS[3]
local echo = ARGV[1]

local PURGE_MOST = 500 -- expired fields one call removes; more are left to the next call
local SLACK_MS = 600000 -- life of the keys beyond their last lease
local TOMBSTONE_MS = 300000
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

local function live(id)
  local expires = tonumber(redis.call('ZSCORE', leases, 's:' .. id) or 0)
  if expires > now then
    local text = redis.call('HGET', records, 's:' .. id)
    return cjson.decode(text), expires, text
  end
end

local function tombstone(id)
  if tonumber(redis.call('ZSCORE', leases, 't:' .. id) or 0) > now then
    return redis.call('HGET', records, 't:' .. id)
  end
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

-- Ends a session; `why` is the JSON of its reason. Returns the tombstone.
local function bury(id, record, why)
  forget(id, record)
  local ended = cjson.decode(why)
  ended.session, ended.generation, ended.holder = id, record.g, record.h
  local text = cjson.encode(ended)
  redis.call('HSET', records, 't:' .. id, text)
  redis.call('ZADD', leases, digits(now + TOMBSTONE_MS), 't:' .. id)
  keep(now + TOMBSTONE_MS)
  return text
end

-- Removes what expired. False: there is more, and the caller must come again.
local function purge()
  local expired = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, PURGE_MOST)
  for _, field in ipairs(expired) do
    if string.sub(field, 1, 2) == 's:' then
      forget(string.sub(field, 3), cjson.decode(redis.call('HGET', records, field)))
    else
      redis.call('HDEL', records, field)
      redis.call('ZREM', leases, field)
    end
  end
  return #expired < PURGE_MOST
end
