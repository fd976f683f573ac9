-- The host lets a session go. A repeat changes nothing: it must not prolong the life.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] fence, [3] live_ms, [4] remember_ms, [5] the event
-- Returns {'let_go', token, history id, history_ttl_ms}
--         {'stale', token}  the fence is not the newest, or there is no such session
local fence = tonumber(ARGV[2])
local s = load()
if not s or fence ~= s.fence then
  return { 'stale', token }
elseif not s.lease then
  return { 'let_go', token, '', 0 }
end
s.lease = nil
live(s, tonumber(ARGV[3]), tonumber(ARGV[4]))
note(ARGV[5])
return { 'let_go', token, save(s) }
