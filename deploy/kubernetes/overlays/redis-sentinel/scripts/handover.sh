#!/bin/sh
# Before this server stops: is it the primary, another one takes over first, and nobody waits until the
# Sentinels have noticed. Gives up after a while: then they notice.
#
# Environment: that of redis.sh.
set -u
export REDISCLI_AUTH="$REDIS_SERVER_PASSWORD"

is_primary() {
    redis-cli -p "$REDIS_PORT" --user server --no-auth-warning info replication |
        tr -d '\r' | grep -qx role:master
}

is_primary || exit 0
for sentinel in $SENTINELS; do
    if timeout 2 redis-cli -h "${sentinel%:*}" -p "${sentinel##*:}" --user server --no-auth-warning \
        sentinel failover baton | grep -qx OK; then
        break
    fi
done
tries=20
while is_primary && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.5
done
exit 0
