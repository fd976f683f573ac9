-- Which nodes may hold sockets of the account: one field, {node: until_ms}.
--
-- KEYS    leases, records, pools
-- ARGV    those of the script it is part of
-- Returns nothing: defines locals
local function known_nodes()
  return cjson.decode(redis.call('HGET', records, 'nodes') or '{}')
end

local function live_nodes()
  local names = {}
  for node, until_ms in pairs(known_nodes()) do
    if until_ms > now then
      names[#names + 1] = node
    end
  end
  table.sort(names)
  return names
end

-- Written with a lease to spare, so that only every other renewal writes.
local function note_node(node, expires, lease)
  local nodes = known_nodes()
  if (nodes[node] or 0) >= expires then
    return
  end
  for name, until_ms in pairs(nodes) do
    if until_ms <= now then
      nodes[name] = nil
    end
  end
  nodes[node] = expires + lease
  redis.call('HSET', records, 'nodes', cjson.encode(nodes))
end
