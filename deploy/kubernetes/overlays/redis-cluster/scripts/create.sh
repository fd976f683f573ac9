#!/bin/sh
# Makes the cluster once all members answer: three primaries, a replica each. Where there is one already,
# it says so and changes nothing.
#
# Environment: MEMBERS (`host:port …`), REPLICAS (of each primary), REDIS_ADMIN_PASSWORD.
set -eu
export REDISCLI_AUTH="$REDIS_ADMIN_PASSWORD"
ask() { timeout 2 redis-cli --user admin --no-auth-warning "$@" 2>/dev/null | tr -d '\r'; }

addresses=
for member in $MEMBERS; do
    host=${member%:*} port=${member##*:}
    until [ "$(ask -h "$host" -p "$port" ping)" = PONG ]; do
        echo "waiting for $member"
        sleep 1
    done
    if ask -h "$host" -p "$port" cluster info | grep -qx cluster_slots_assigned:16384; then
        echo "$member is a member of a complete cluster: nothing to do"
        exit 0
    fi
    # A cluster is made of addresses; names do not do.
    addresses="$addresses $(ask -h "$host" -p "$port" config get cluster-announce-ip | tail -n 1):$port"
done
# shellcheck disable=SC2086 # a list
redis-cli --user admin --no-auth-warning --cluster create $addresses \
    --cluster-replicas "$REPLICAS" --cluster-yes
