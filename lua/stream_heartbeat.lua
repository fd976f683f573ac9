-- Renews the lease of a session that has no socket. Never creates.
--
-- KEYS    leases, records, pools
-- ARGV    [1] session, [2] the pool it must be in, or ''
-- Returns {'live', session, expires_ms, record}
--         {'other_pool', session, expires_ms, record}
--         {'ended', session, tombstone}
--         {'unknown', session}
local session, pool = ARGV[1], ARGV[2]
local record, expires, text = live(session)
if not record then
  local ended = tombstone(session)
  return ended and { 'ended', echo, ended } or { 'unknown', echo }
end
if pool ~= '' and pool ~= record.p then
  return { 'other_pool', echo, expires, text }
end
expires = now + record.l
redis.call('ZADD', leases, digits(expires), 's:' .. session)
keep(expires)
return { 'live', echo, expires, text }
