-- Keeps a hosted session, also one that lapsed. Never creates.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] fence, [3] lease_ms, [4] live_ms, [5] remember_ms
-- Returns {'kept', token, history id, history_ttl_ms, version}
--         {'over', token}     the record has an end, or lapsed after its host had let it go
--         {'fenced', token}   a newer host has it, or the host let it go
--         {'unknown', token}  not there, or an older copy that never heard of this fence
local fence, lease_ms, live_ms = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local s = load()
if s and (s.ended or fence <= s.fence and not s.lease and is_over(s)) then
  return { 'over', token }
elseif not s or fence > s.fence then
  return { 'unknown', token }
elseif fence < s.fence or not s.lease then
  return { 'fenced', token }
end
s.lease, s.expires = now + lease_ms, now + live_ms
live(s, live_ms, tonumber(ARGV[5]))
local history, history_ttl_ms = save(s)
return { 'kept', token, history, history_ttl_ms, s.version }
