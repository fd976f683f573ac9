-- What every cobrowse_*.lua on a session begins with: its keys, its clock, its bookkeeping.
--
-- KEYS    session (HASH), trail (LIST): see README.md
-- ARGV    [1] token, which every reply echoes behind its word
-- Returns nothing: defines locals
local session, trail = KEYS[1], KEYS[2]
local token = ARGV[1]

local MOST_EVENTS = 1000 -- audit::EVENTS
local SLACK_MS = 86400000 -- life of the history id beyond that of its session

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- The session, if it is remembered. `lease` is missing where nobody hosts it.
local function load()
  local read = redis.call('HMGET', session, 'v', 'c', 'x', 'm', 'f', 'l', 'e', 'k')
  return read[1] and {
    version = tonumber(read[1]), created = tonumber(read[2]), expires = tonumber(read[3]),
    remember = tonumber(read[4]), fence = tonumber(read[5]), lease = tonumber(read[6]),
    ended = read[7] == '1', history_until = tonumber(read[8]),
  }
end

local function is_over(s)
  return s.ended or s.expires <= now
end

-- Gives it a life. What is over stays over: it is only remembered longer.
local function live(s, live_ms, remember_ms)
  s.expires = is_over(s) and s.expires or now + live_ms
  s.remember = remember_ms
  s.forgotten = math.max(s.expires, now) + remember_ms
end

-- A record with an end has no host, and is remembered from now on.
local function finish(s)
  s.lease, s.expires, s.forgotten = nil, math.min(s.expires, now), now + s.remember
end

-- Adds an event (JSON) to the trail.
local function note(event)
  redis.call('RPUSH', trail, string.format('%.0f ', now) .. event)
  redis.call('LTRIM', trail, -MOST_EVENTS, -1)
end

-- Writes it back. Returns its history id and a TTL where that must be kept longer, else '' and 0.
-- Half of the slack is left then: the caller may fail once to keep it.
local function save(s)
  local late = s.forgotten and s.forgotten > s.history_until - SLACK_MS / 2
  s.history_until = late and s.forgotten + SLACK_MS or s.history_until
  redis.call('HSET', session, 'v', s.version, 'c', s.created, 'x', s.expires, 'm', s.remember,
    'f', s.fence, 'e', s.ended and '1' or '', 'k', s.history_until)
  if s.lease then
    redis.call('HSET', session, 'l', s.lease)
  else
    redis.call('HDEL', session, 'l', 'o')
  end
  local history = late and redis.call('HGET', session, 'h') or ''
  local ttl = s.forgotten and s.forgotten - now or redis.call('PTTL', session)
  for _, key in ipairs(KEYS) do
    redis.call('PEXPIRE', key, ttl)
  end
  return history, late and s.forgotten + SLACK_MS - now or 0
end
