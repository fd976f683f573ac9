-- What stream_create and stream_takeover share: every limit is judged, then all is written.
--
-- KEYS    leases, records, pools
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals

-- The first limit still reached without the victims: its range of pools and the surplus.
local function full(victims)
  local first, last = '[' .. record.t, '(' .. record.t .. '\255'
  local over = redis.call('ZLEXCOUNT', pools, first, last) - victims.in_pool - limit + 1
  if over > 0 then
    return 'pool', over, first, last
  end
  over = account_limit and redis.call('ZCARD', pools) - #victims - account_limit + 1 or 0
  if over > 0 then
    return 'account', over, '-', '+'
  end
end

local function limit_reached(first, last)
  local sessions = {}
  for _, member in ipairs(oldest(first, last, no_victims(), answer_most)) do
    local id = string.sub(member, TAG + STAMP + 1)
    local _, expires, text = live(id)
    sessions[#sessions + 1] = { id, expires, text }
  end
  return remember({ 'limit_reached', echo, live_nodes(), sessions })
end

local function admit(victims)
  local own = record.d and redis.call('HGET', records, 'd:' .. record.d)
  if own and not victims.ids[own] then
    add_victim(victims, own, why_own)
  end
  local scope, over, first, last = full(victims)
  if scope then -- looks at the oldest, which drops members without a session
    oldest(first, last, victims, 1)
    scope, over, first, last = full(victims)
  end
  while scope do
    local found = {}
    if policy == 'evict_oldest' and scope == 'pool' and limit > 0 then
      found = oldest(first, last, victims, over)
    elseif policy == 'evict_oldest' and scope == 'account' and account_limit > 0 then
      found = { oldest_in_account(victims) }
    end
    if #found == 0 then
      return limit_reached(first, last)
    end
    for _, member in ipairs(found) do
      add_victim(victims, string.sub(member, TAG + STAMP + 1), why_victim)
    end
    scope, over, first, last = full(victims)
  end

  local nodes, ended = live_nodes(), {}
  for _, victim in ipairs(victims) do
    ended[#ended + 1] = bury(victim[1], victim[2], victim[3])
  end
  redis.call('HDEL', records, 't:' .. session)
  redis.call('ZREM', leases, 't:' .. session)
  record.g, record.c = 1, digits(now_us)
  redis.call('ZADD', pools, 0, member_of(session, record))
  if record.d then
    redis.call('HSET', records, 'd:' .. record.d, session)
  end
  local text = put(session, record, now + first_lease, true)
  return remember({ 'created', echo, { session, now + first_lease, text }, nodes, ended })
end
