-- Seats a visitor, or updates the profile of one that is seated. The newest connection wins.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] visitor, [2] profile, [3] seat "<connection> <node>", [4] lease_ms,
--         [5] remember_ms, [6] code_ms, [7…] lookup codes to try
-- Returns {'entered', visitor, lookup code or '', session or '', previous seat or ''}
local visitor, profile, seat = ARGV[1], ARGV[2], ARGV[3]
local lease_ms, remember_ms, code_ms = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])

-- More come than go only once, and those who come next purge the rest.
purge(100)
if not is_known(visitor) then
  forget(visitor)
end

local function is_free(code)
  local holder = part('k', code)
  return not (is_known(holder) and code_of(holder) == code)
end

local previous, code = seat_of(visitor), code_of(visitor)
if previous == seat then
  previous = ''
end
redis.call('HSET', records, 'p:' .. visitor, profile, 's:' .. visitor, seat)
redis.call('HSETNX', records, 'f:' .. visitor, now)
for at = 7, #ARGV do
  if code == '' and is_free(ARGV[at]) then
    code = ARGV[at]
    local ends = string.format('%.0f', now + code_ms)
    redis.call('HSET', records, 'c:' .. visitor, ends .. ' ' .. code, 'k:' .. code, visitor)
  end
end
see(visitor, lease_ms, remember_ms)
keep(lease_ms + remember_ms)
return { 'entered', echo, code, part('i', visitor), previous }
