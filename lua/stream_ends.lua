-- How sessions end: with a tombstone that says why, or by running out.
--
-- KEYS    leases, records, pools
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals
local TOMBSTONE_MS = 300000
local PURGE_MOST = 500 -- expired fields one call removes; more are left to the next call

-- Leaves a tombstone; `why` is the JSON of the reason.
local function entomb(id, generation, holder, why)
  local ended = cjson.decode(why)
  ended.session, ended.generation, ended.holder = id, generation, holder
  local text = cjson.encode(ended)
  redis.call('HSET', records, 't:' .. id, text)
  redis.call('ZADD', leases, digits(now + TOMBSTONE_MS), 't:' .. id)
  keep(now + TOMBSTONE_MS, true)
  return text
end

-- Ends a session. Returns the tombstone.
local function bury(id, record, why)
  forget(id, record)
  return entomb(id, record.g, record.h, why)
end

-- Removes what expired. False: there is more, and the caller must come again.
local function purge()
  local expired = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, PURGE_MOST)
  for _, field in ipairs(expired) do
    local text = string.sub(field, 1, 2) == 's:' and redis.call('HGET', records, field)
    if text then
      forget(string.sub(field, 3), cjson.decode(text))
    else
      redis.call('HDEL', records, field)
      redis.call('ZREM', leases, field)
    end
  end
  return #expired < PURGE_MOST
end
