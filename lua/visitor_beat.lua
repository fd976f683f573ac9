-- Renews seats. Never seats anybody.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] the first visitor, [2] lease_ms, [3] remember_ms, then visitor, connection, …
-- Returns {'beaten', first visitor, {{word, session or ''}, …}}  one pair per visitor:
--         'present'
--         'standby'  another connection has the seat
--         'unknown'  nobody has it, or the visitor is forgotten
local lease_ms, remember_ms = tonumber(ARGV[2]), tonumber(ARGV[3])

purge(100)
local outcomes = {}
for at = 4, #ARGV, 2 do
  local visitor, connection = ARGV[at], ARGV[at + 1]
  local seated = string.match(seat_of(visitor), '^%d+')
  local outcome = { 'unknown', '' }
  if seated == connection then
    see(visitor, lease_ms, remember_ms)
    outcome = { 'present', part('i', visitor) }
  elseif seated then
    outcome = { 'standby', '' }
  end
  outcomes[#outcomes + 1] = outcome
end
keep(lease_ms + remember_ms)
return { 'beaten', echo, outcomes }
