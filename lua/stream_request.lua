-- What stream_create and stream_takeover are asked, and what a repeat of it is answered.
--
-- KEYS    leases, records, pools
-- ARGV    [1] session, [2] its record without times and generation (JSON), [3] first_lease_ms,
--         [4] limit of the pool, [5] limit of the account or '', [6] policy,
--         [7] why victims end (JSON), [8] why the device's own session ends (JSON),
--         [9] idempotency key or '', [10] fingerprint of the request, [11] idempotency_ms,
--         [12] most sessions in an answer
-- Returns nothing: defines locals
local session, record, first_lease = ARGV[1], cjson.decode(ARGV[2]), tonumber(ARGV[3])
local limit, account_limit, policy = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
local why_victim, why_own, key, fingerprint = ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local idempotency_ms, answer_most = tonumber(ARGV[11]), tonumber(ARGV[12])

local REMEMBERED_MOST = 4096 -- tombstones and answers of one account

-- Why the request cannot be judged now, or nil. Expired fields are purged first.
local function unwilling()
  if not purge() then
    return { 'again', echo }
  end
  if redis.call('ZCARD', leases) - redis.call('ZCARD', pools) > REMEMBERED_MOST then
    return { 'crowded', echo }
  end
end

-- What the key's first request was answered, or nil.
local function repeated()
  local text = key ~= '' and redis.call('HGET', records, 'k:' .. key)
  if text then
    local first = cjson.decode(text)
    return first[1] == fingerprint and { 'repeated', echo, first[2] } or { 'key_reused', echo }
  end
end

local function remember(reply)
  if key ~= '' then
    redis.call('HSET', records, 'k:' .. key, cjson.encode({ fingerprint, reply }))
    redis.call('ZADD', leases, digits(now + idempotency_ms), 'k:' .. key)
    keep(now + idempotency_ms, true)
  end
  return reply
end
