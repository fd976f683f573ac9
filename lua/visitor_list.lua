-- Visitors, those seen last first.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] tag of the tenant, [2] skip, [3] most
-- Returns {'visitors', tag, how many there are, {{visitor, profile, seat or '', session or '',
--          lookup code or '', first_seen_ms, last_seen_ms}, …}}
--         {'again', tag}  purging took all the time
local skip, most = tonumber(ARGV[2]), tonumber(ARGV[3])

if not purge(500) then
  return { 'again', echo }
end
local shown = {}
local ids = most > 0 and redis.call('ZREVRANGE', seen, ARGV[2], skip + most - 1) or {}
for _, id in ipairs(ids) do
  shown[#shown + 1] = is_known(id) and show(id) or nil
end
return { 'visitors', echo, redis.call('ZCARD', seen), shown }
