#!/bin/sh
# Before this server stops: is it the primary, another one takes over first, and nobody waits until the
# Sentinels have noticed. Writes pause meanwhile: what this server still took would be lost. Gives up after
# a while: then they notice.
#
# Environment: that of redis.sh.
set -u
# shellcheck source=deploy/kubernetes/overlays/redis-sentinel/scripts/sentinels.sh
. "$(dirname "$0")/sentinels.sh"

self="$REDIS_HOST $REDIS_PORT"
ask() {
    REDISCLI_AUTH="$REDIS_SERVER_PASSWORD" redis-cli -p "$REDIS_PORT" --user server --no-auth-warning "$@" |
        tr -d '\r'
}

[ "$(ask role | head -n 1)" = master ] || exit 0
ask client pause 10000 write
for sentinel in $SENTINELS; do
    [ "$(ask_sentinel "$sentinel" failover baton)" != OK ] || break
done

tries=40
until primary=$(sentinels_say) && [ "$primary" != "$self" ]; do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
        ask client unpause
        exit 0
    fi
    sleep 0.2
done
# The Sentinels would tell it some seconds later. Its clients are told now that they are wrong here.
# shellcheck disable=SC2086 # host and port
ask replicaof $primary
ask config rewrite
ask client unpause
exit 0
