-- Creates a session in the place of a running one: the victim ends and the new one lives, at once.
--
-- KEYS    leases, records, pools
-- ARGV    those of stream_request.lua, [13] the session to take over
-- Returns {'created', …}, {'limit_reached', …}, {'repeated', …}, {'key_reused', …}, {'again', …},
--         {'crowded', …}
--         as stream_create.lua
--         {'no_such_session', session}  the one to take over does not live
local target = ARGV[13]
local refusal = unwilling() or repeated()
if refusal then
  return refusal
end
if not live(target) then
  return remember({ 'no_such_session', echo })
end
local victims = no_victims()
add_victim(victims, target, why_victim)
return admit(victims)
