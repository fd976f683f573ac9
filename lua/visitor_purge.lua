-- How visitors are forgotten: joined to the scripts that purge.
--
-- KEYS    leases, seen, kept, records
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals
local function forget(id)
  local code = string.match(part('c', id), ' (.*)$')
  if code and part('k', code) == id then
    redis.call('HDEL', records, 'k:' .. code)
  end
  redis.call('HDEL', records, 'p:' .. id, 's:' .. id, 'i:' .. id, 'c:' .. id, 'f:' .. id)
  redis.call('ZREM', leases, id)
  redis.call('ZREM', seen, id)
  redis.call('ZREM', kept, id)
end

-- Forgets some whose time is over. False: there may be more.
local function purge(most)
  local over = redis.call('ZRANGEBYSCORE', kept, '-inf', now, 'LIMIT', 0, most)
  for _, id in ipairs(over) do
    forget(id)
  end
  return #over < most
end
