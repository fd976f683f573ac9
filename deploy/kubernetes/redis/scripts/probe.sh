#!/bin/sh
# probe.sh live: the server answers, whatever it says. probe.sh ready: it serves; a replica, in step with
# its primary; a member of a cluster, in a cluster that is whole (or not yet made).
#
# Environment: REDIS_PORT, REDIS_SERVER_PASSWORD.
set -eu
export REDISCLI_AUTH="$REDIS_SERVER_PASSWORD"
ask() { redis-cli -p "$REDIS_PORT" --user server --no-auth-warning "$@" | tr -d '\r'; }

case $1 in
live)
    [ -n "$(ask ping)" ]
    ;;
ready)
    [ "$(ask ping)" = PONG ]
    if ask info replication | grep -qx role:slave; then
        ask info replication | grep -qx master_link_status:up
    fi
    if ask info cluster | grep -qx cluster_enabled:1; then
        ask cluster info | grep -qxE 'cluster_state:ok|cluster_slots_assigned:0'
    fi
    ;;
*)
    echo "usage: probe.sh live|ready" >&2
    exit 2
    ;;
esac
