-- Binds a socket to a session: raises the generation, starts the lease. The newest socket wins.
--
-- KEYS    leases, records, pools
-- ARGV    [1] session, [2] the least generation the caller may mean, [3] node
-- Returns {'connected', session, expires_ms, record, previous node or ''}
--         {'ended', session, tombstone}
--         {'unknown', session}
local session, at_least, node = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local record = live(session)
if not record or record.g < at_least then
  local ended = tombstone(session)
  return ended and { 'ended', echo, ended } or { 'unknown', echo }
end
local previous, expires = record.h or '', now + record.l
record.g, record.h = record.g + 1, node
local text = put(session, record, expires)
note_node(node, expires, record.l)
return { 'connected', echo, expires, text, previous }
