-- Ends a session and leaves a tombstone that says why.
--
-- KEYS    leases, records, pools
-- ARGV    [1] session, [2] generation that must hold it, or '', [3] why (JSON)
-- Returns {'released', session, tombstone}
--         {'already_ended', session, tombstone}
--         {'stale', session}  a newer generation holds it
--         {'unknown', session}  also where a holder's session was forgotten: a tombstone tells
--                               re-assertions that are on their way that it ended
local session, generation, why = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local record = live(session)
if not record then
  local ended = tombstone(session)
  if not ended and generation then
    entomb(session, generation, nil, why)
  end
  return ended and { 'already_ended', echo, ended } or { 'unknown', echo }
end
if generation and record.g ~= generation then
  return { 'stale', echo }
end
return { 'released', echo, bury(session, record, why) }
