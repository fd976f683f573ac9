-- How many visitors are online.
--
-- KEYS    leases, seen, kept, records
-- ARGV    [1] tag of the tenant
-- Returns {'online', tag, count}
return { 'online', echo, redis.call('ZCOUNT', leases, string.format('(%.0f', now), '+inf') }
