-- Who has to go: the oldest sessions, by the order of pools.
--
-- KEYS    leases, records, pools
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals
-- `victims` is a list of {session, record, why}; `victims.ids` the set of its sessions, `in_pool`
-- how many of them are in the pool that is asked for.

local function no_victims()
  return { ids = {}, in_pool = 0 }
end

-- The oldest members from `first` to `last` that are not in `victims`. Drops members without a
-- session, which only a key that somebody deleted leaves behind.
local function oldest(first, last, victims, most)
  local spared = {}
  local members = redis.call('ZRANGE', pools, first, last, 'BYLEX', 'LIMIT', 0, most + #victims)
  for _, member in ipairs(members) do
    local id = string.sub(member, TAG + STAMP + 1)
    if not live(id) then
      redis.call('ZREM', pools, member)
    elseif #spared < most and not victims.ids[id] then
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
  local victim = live(id)
  if victim then
    victims.ids[id] = true
    victims.in_pool = victims.in_pool + (victim.t == record.t and 1 or 0)
    victims[#victims + 1] = { id, victim, why }
  end
end
