-- Which session a history id names. It may be forgotten, and its token another's.
--
-- KEYS    history  STRING: token
-- ARGV    [1] history id
-- Returns {'history', history id, token}
--         {'unknown', history id}
local history = KEYS[1]
local id = ARGV[1]

local token = redis.call('GET', history)
if not token then
  return { 'unknown', id }
end
return { 'history', id, token }
