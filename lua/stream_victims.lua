-- Who has to go: the oldest sessions, by the order of pools.
--
-- KEYS, ARGV and Returns are those of the script it is part of: defines locals
-- `victims` is a list of {session, record, why}, a set by session, with `count` and `in_pool`.

-- The oldest members from `first` to `last` that are not in `victims`.
local function oldest(first, last, victims, most)
  local spared = {}
  local members = redis.call('ZRANGE', pools, first, last, 'BYLEX', 'LIMIT', 0, most + victims.count)
  for _, member in ipairs(members) do
    if #spared < most and not victims[string.sub(member, TAG + STAMP + 1)] then
      spared[#spared + 1] = member
    end
  end
  return spared
end

local function oldest_in_pool(tag, victims, most)
  return oldest('[' .. tag, '(' .. tag .. '\255', victims, most)
end

-- One look per pool of the account: pools are few where an account limit matters.
local function oldest_in_account(victims)
  local best, cursor = nil, '-'
  while true do
    local first = redis.call('ZRANGE', pools, cursor, '+', 'BYLEX', 'LIMIT', 0, 1)[1]
    if not first then
      return best
    end
    local tag = string.sub(first, 1, TAG)
    local member = oldest_in_pool(tag, victims, 1)[1]
    if member and (not best or string.sub(member, TAG + 1) < string.sub(best, TAG + 1)) then
      best = member
    end
    cursor = '(' .. tag .. '\255'
  end
end

local function add_victim(victims, id, why)
  local victim = cjson.decode(redis.call('HGET', records, 's:' .. id))
  victims.count, victims[id] = victims.count + 1, true
  victims.in_pool = victims.in_pool + (victim.t == record.t and 1 or 0)
  victims[#victims + 1] = { id, victim, why }
end
