-- The socket of a generation dropped: the session waits for its player to reconnect.
--
-- KEYS    leases, records, pools
-- ARGV    [1] session, [2] generation, [3] grace_ms
-- Returns {'parked', session}
--         {'stale', session}  somebody newer holds it, or it is gone
local session, generation, grace = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local record = live(session)
if not record or record.g ~= generation then
  return { 'stale', echo }
end
record.h = nil
put(session, record, now + grace)
return { 'parked', echo }
