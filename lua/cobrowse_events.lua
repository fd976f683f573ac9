-- What happened in a session, the oldest first.
--
-- KEYS    session, trail
-- ARGV    [1] token
-- Returns {'events', token, {"<ms> <JSON>", …}}
return { 'events', token, redis.call('LRANGE', trail, 0, -1) }
