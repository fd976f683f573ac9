-- Creates a session in the place of a running one: the victim ends and the new one lives, at once.
--
-- KEYS    leases, records, pools
-- ARGV    those of stream_admission.lua, [13] the session to take over
-- Returns {'created', …}, {'limit_reached', …}, {'repeated', …}, {'key_reused', …}, {'again', …}
--         as stream_create.lua
--         {'no_such_session', session}  the one to take over does not live
local target = ARGV[13]
if not purge() then
  return { 'again', echo }
end
local first_reply = repeated()
if first_reply then
  return first_reply
end
if not live(target) then
  return remember({ 'no_such_session', echo })
end
local victims = { count = 0, in_pool = 0 }
add_victim(victims, target, why_victim)
return admit(victims)
