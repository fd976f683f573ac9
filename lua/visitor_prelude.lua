-- What every visitor_*.lua on a tenant's visitors begins with: the keys, the clock, the bookkeeping.
--
-- KEYS    leases, seen, kept (ZSETs), records (HASH): see README.md
-- ARGV    [1] a text that every reply echoes behind its word: the visitor, where there is one
-- Returns nothing: defines locals
local leases, seen, kept, records = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local echo = ARGV[1]

local SLACK_MS = 60000 -- life of the keys beyond what they hold

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local function part(name, id)
  return redis.call('HGET', records, name .. ':' .. id) or ''
end

-- Its record may be gone where somebody deleted a key.
local function is_known(id)
  return tonumber(redis.call('ZSCORE', kept, id) or 0) > now and part('p', id) ~= ''
end

-- "<connection> <node>", while the lease runs, else ''.
local function seat_of(id)
  return tonumber(redis.call('ZSCORE', leases, id) or 0) > now and part('s', id) or ''
end

-- The lookup code, while it runs, else ''.
local function code_of(id)
  local ends, code = string.match(part('c', id), '^(%d+) (.*)$')
  return ends and tonumber(ends) > now and code or ''
end

-- Online for `lease_ms`, and remembered for `remember_ms` from then on.
local function see(id, lease_ms, remember_ms)
  redis.call('ZADD', leases, now + lease_ms, id)
  redis.call('ZADD', seen, now, id)
  redis.call('ZADD', kept, now + lease_ms + remember_ms, id)
end

-- The keys outlive what they hold.
local function keep(ttl_ms)
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < ttl_ms + 1 then
      redis.call('PEXPIRE', key, ttl_ms + SLACK_MS)
    end
  end
end
