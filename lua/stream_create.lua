-- Creates a session within the limits, or keeps the one of that id alive.
--
-- KEYS    leases, records, pools
-- ARGV    those of stream_request.lua
-- Returns {'created', session, {session, expires_ms, record}, nodes, tombstones}
--         {'renewed', session, {session, expires_ms, record}}     it lived already
--         {'other_pool', session, {session, expires_ms, record}}  it lives in another pool
--         {'limit_reached', session, nodes, {{session, expires_ms, record}, …}}
--         {'repeated', session, first reply}                      the idempotency key repeats
--         {'key_reused', session}                                 … for another request
--         {'again', session}                                      purging took all the time
--         {'crowded', session}                                    too much is remembered already
local refusal = unwilling() or repeated()
if refusal then
  return refusal
end
local present, expires, text = live(session)
if present and present.t ~= record.t then
  return remember({ 'other_pool', echo, { session, expires, text } })
end
if present then
  expires = now + present.l
  redis.call('ZADD', leases, digits(expires), 's:' .. session)
  keep(expires)
  return remember({ 'renewed', echo, { session, expires, text } })
end
return admit(no_victims())
