-- Keeps a hosted session. Never creates. Who let it go does not host it any more.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] fence, [3] lease_ms, [4] live_ms, [5] remember_ms
-- Returns {'kept', token, history id, history_ttl_ms, version}
--         {'over', token}
--         {'fenced', token}  a newer host has it
--         {'unknown', token}
local fence, lease_ms = tonumber(ARGV[2]), tonumber(ARGV[3])
local s = load()
if not s then
  return { 'unknown', token }
elseif is_over(s) then
  return { 'over', token }
elseif fence ~= s.fence or not s.lease then
  return { 'fenced', token }
end
s.lease = now + lease_ms
live(s, tonumber(ARGV[4]), tonumber(ARGV[5]))
local history, history_ttl_ms = save(s)
return { 'kept', token, history, history_ttl_ms, s.version }
