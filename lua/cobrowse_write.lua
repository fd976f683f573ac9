-- How a session changes: joined to the scripts that write one.
--
-- KEYS    session, trail
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals
local MOST_EVENTS = 1000 -- audit::EVENTS
local SLACK_MS = 86400000 -- life of the history id beyond that of its session

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
