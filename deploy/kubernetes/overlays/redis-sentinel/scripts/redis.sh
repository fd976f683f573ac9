#!/bin/sh
# Starts a data server in the right role: what the Sentinels say; where none answers, what this server was
# last (Sentinel writes each fail-over into its configuration); at its very first start, REDIS_FIRST is the
# primary.
#
# Environment: that of server.sh, and REDIS_HOST (this server's stable name), REDIS_FIRST (`host port`),
# SENTINELS (`host:port …`).
set -eu

# shellcheck source=deploy/kubernetes/overlays/redis-sentinel/scripts/sentinels.sh
. "$(dirname "$0")/sentinels.sh"

# The primary that the last configuration names; this server itself where it names none.
remembered() {
    if [ -e "$REDIS_DATA/redis.conf" ]; then
        primary=$(sed -nE 's/^(replicaof|slaveof) //p' "$REDIS_DATA/redis.conf" | tr -d '"')
        echo "${primary:-$self}"
    fi
}

self="$REDIS_HOST $REDIS_PORT"
primary=$(sentinels_say || true)
# A primary that lost its disk must not teach its replicas to be empty: one of them takes over while it waits.
patience=60
while [ "$primary" = "$self" ] && [ ! -e "$REDIS_DATA/redis.conf" ] && [ "$patience" -gt 0 ]; do
    patience=$((patience - 1))
    sleep 1
    primary=$(sentinels_say || true)
done
primary=${primary:-$(remembered)}
primary=${primary:-$REDIS_FIRST}
echo "$self starts; the primary is $primary"

set -- "replica-announce-ip $REDIS_HOST" "replica-announce-port $REDIS_PORT"
[ "$primary" = "$self" ] || set -- "$@" "replicaof $primary"
exec sh "$REDIS_COMMON/server.sh" "$@"
