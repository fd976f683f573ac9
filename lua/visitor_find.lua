-- A visitor, online or remembered.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] visitor
-- Returns {'visitor', visitor, {visitor, profile, seat or '', session or '', lookup code or '',
--          first_seen_ms, last_seen_ms}}
--         {'unknown', visitor}
local visitor = ARGV[1]

if not is_known(visitor) then
  return { 'unknown', echo }
end
return { 'visitor', echo, show(visitor) }
