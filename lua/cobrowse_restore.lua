-- A host puts back a session that the store forgot, or holds an older copy of. Notes nothing.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] record, [3] live_ms, [4] remember_ms, [5] history id,
--         [6] '1' where the record has an end, [7] version, [8] created_ms, [9] fence,
--         [10] owner or '', [11] lease_ms
-- Returns {'restored', token, history id, history_ttl_ms}
--         {'taken', token}  it is there, and no older; or it has an end; or it is another session
local live_ms, remember_ms = tonumber(ARGV[3]), tonumber(ARGV[4])
local history_id, owner, lease_ms = ARGV[5], ARGV[10], tonumber(ARGV[11])
local s = { version = tonumber(ARGV[7]), created = tonumber(ARGV[8]), fence = tonumber(ARGV[9]) }
local copy = load()
if copy then
  local is_older = copy.fence < s.fence or copy.fence == s.fence and copy.version < s.version
  if not is_older or copy.ended or redis.call('HGET', session, 'h') ~= history_id then
    return { 'taken', token }
  end
  s.version = math.max(s.version, copy.version) + 1
end
s.expires, s.history_until = now + live_ms, 0
live(s, live_ms, remember_ms)
redis.call('HSET', session, 'j', ARGV[2], 'h', history_id)
if owner ~= '' then
  redis.call('HSET', session, 'o', owner)
  s.lease = now + lease_ms
end
s.ended = ARGV[6] == '1'
if s.ended then
  finish(s)
end
return { 'restored', token, save(s) }
