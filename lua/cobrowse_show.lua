-- How a session is told: joined to the scripts whose replies hold one.
--
-- KEYS    session, trail
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals

-- The host, while its lease runs, else ''.
local function owner_of(s)
  return s.lease and s.lease > now and redis.call('HGET', session, 'o') or ''
end

local function show(s)
  local record = redis.call('HGET', session, 'j')
  return { record, s.version, s.created, now, s.expires, owner_of(s), s.fence }
end
