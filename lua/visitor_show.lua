-- How a visitor is told: joined to the scripts whose replies hold some.
--
-- KEYS    leases, seen, kept, records
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals
local function show(id)
  local last = tonumber(redis.call('ZSCORE', seen, id) or 0)
  local first = tonumber(part('f', id)) or last
  return { id, part('p', id), seat_of(id), part('i', id), code_of(id), first, last }
end
