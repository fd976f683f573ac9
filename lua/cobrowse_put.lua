-- Writes a changed record, if nobody changed it since it was read.
--
-- KEYS    session, trail
-- ARGV    [1] token, [2] version that was read, [3] fence of a host or '', [4] record,
--         [5] '1' where it has an end, [6] live_ms or '', [7] remember_ms or '', [8…] events
-- Returns {'put', token, history id, history_ttl_ms, version}
--         {'fenced', token}   a newer host has it
--         {'changed', token}  … since it was read
--         {'unknown', token}  not there, or an older copy that never heard of this fence
local version, fence, life = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[6])
local s = load()
if not s or fence and fence > s.fence then
  return { 'unknown', token }
elseif fence and fence < s.fence then
  return { 'fenced', token }
elseif version ~= s.version then
  return { 'changed', token }
end
if life then
  live(s, life, tonumber(ARGV[7]))
end
s.version = version + 1
s.ended = ARGV[5] == '1'
if s.ended then
  finish(s)
end
redis.call('HSET', session, 'j', ARGV[4])
for at = 8, #ARGV do
  note(ARGV[at])
end
local history, history_ttl_ms = save(s)
return { 'put', token, history, history_ttl_ms, s.version }
