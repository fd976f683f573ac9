-- Reads a session, also one that is over.
--
-- KEYS    session, trail
-- ARGV    [1] token
-- Returns {'session', token, {record, version, created_ms, now_ms, expires_ms, owner or '', fence}}
--         {'unknown', token}
local s = load()
if not s then
  return { 'unknown', token }
end
return { 'session', token, show(s) }
