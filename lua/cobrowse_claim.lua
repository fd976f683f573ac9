-- Makes a node the host of a session that is not over. The newest claim wins.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] owner, [3] lease_ms, [4] live_ms, [5] remember_ms,
--         [6] the event, to which the fence is added
-- Returns {'claimed', token, history id, history_ttl_ms, previous owner or '',
--          {record, version, created_ms, now_ms, expires_ms, owner or '', fence}}
--         {'over', token}
--         {'unknown', token}
local owner, lease_ms = ARGV[2], tonumber(ARGV[3])
local event = cjson.decode(ARGV[6])
local s = load()
if not s then
  return { 'unknown', token }
elseif is_over(s) then
  return { 'over', token }
end
local previous = owner_of(s)
s.fence, s.lease = s.fence + 1, now + lease_ms
event.fence = s.fence
live(s, tonumber(ARGV[4]), tonumber(ARGV[5]))
redis.call('HSET', session, 'o', owner)
note(cjson.encode(event))
-- Told before it is saved: a life of nothing deletes it.
local shown = show(s)
local history, history_ttl_ms = save(s)
return { 'claimed', token, history, history_ttl_ms, previous, shown }
