-- What every cobrowse_*.lua on a session begins with: its keys, its clock, its state.
--
-- KEYS    session (HASH), trail (LIST): see README.md
-- ARGV    [1] token, which every reply echoes behind its word
-- Returns nothing: defines locals
local session, trail = KEYS[1], KEYS[2]
local token = ARGV[1]

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- The session, if it is remembered. `lease` is missing where nobody hosts it.
local function load()
  local read = redis.call('HMGET', session, 'v', 'c', 'x', 'm', 'f', 'l', 'e', 'k')
  return read[1] and {
    version = tonumber(read[1]), created = tonumber(read[2]), expires = tonumber(read[3]),
    remember = tonumber(read[4]), fence = tonumber(read[5]), lease = tonumber(read[6]),
    ended = read[7] == '1', history_until = tonumber(read[8]),
  }
end

local function is_over(s)
  return s.ended or s.expires <= now
end
