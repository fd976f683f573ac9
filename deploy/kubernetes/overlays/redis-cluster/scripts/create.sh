#!/bin/sh
# Makes the cluster once all members answer: primaries, and replicas of each. Where there is one already, or
# data, it says so and changes nothing; what a try that was cut short has left is cleared away.
#
# Environment: MEMBERS (`host:port …`), REPLICAS (of each primary), REDIS_ADMIN_PASSWORD.
set -eu
export REDISCLI_AUTH="$REDIS_ADMIN_PASSWORD"
# at HOST:PORT COMMAND…
at() {
    where=$1
    shift
    timeout 5 redis-cli -h "${where%:*}" -p "${where##*:}" --user admin --no-auth-warning "$@" 2>/dev/null |
        tr -d '\r'
}

count=0 data=0
for member in $MEMBERS; do
    until [ "$(at "$member" ping)" = PONG ]; do
        echo "waiting for $member"
        sleep 1
    done
    count=$((count + 1)) data=$((data + $(at "$member" dbsize)))
    first=${first:-$member}
done

attached=$(at "$first" cluster nodes | awk '$3 ~ /slave/' | wc -l)
if [ "$data" -gt 0 ] || {
    at "$first" cluster info | grep -qx cluster_slots_assigned:16384 &&
        [ "$attached" -eq $((count * REPLICAS / (REPLICAS + 1))) ]
}; then
    echo "there is a cluster, with $data keys: it is left as it is"
    exit 0
fi

# Nobody knows another, nor has slots.
all_alone() {
    for member in $MEMBERS; do
        [ "$(at "$member" cluster nodes | wc -l)" -eq 1 ] || return 1
        at "$member" cluster info | grep -qx cluster_slots_assigned:0 || return 1
    done
}
until all_alone; do
    for member in $MEMBERS; do at "$member" cluster reset hard; done
    # Those that were not reset yet have introduced the others again.
    sleep 3
done

addresses=
for member in $MEMBERS; do
    # A cluster is made of addresses; names do not do.
    addresses="$addresses $(at "$member" config get cluster-announce-ip | tail -n 1):${member##*:}"
done
# shellcheck disable=SC2086 # a list
redis-cli --user admin --no-auth-warning --cluster create $addresses \
    --cluster-replicas "$REPLICAS" --cluster-yes
