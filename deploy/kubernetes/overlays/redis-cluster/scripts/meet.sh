#!/bin/sh
# After a member has started: it introduces itself to the others at the addresses they have now. Members
# find each other again by themselves as long as one address is still good; after a restart of all, none is.
# A member that belongs to no cluster yet is left alone: create.sh takes only such.
#
# Environment: that of redis.sh, and MEMBERS (`host:port …`).
set -u
export REDISCLI_AUTH="$REDIS_SERVER_PASSWORD"
ask() { timeout 2 redis-cli --user server --no-auth-warning "$@" 2>/dev/null | tr -d '\r'; }

tries=60
until [ "$(ask -p "$REDIS_PORT" ping)" = PONG ]; do
    tries=$((tries - 1))
    [ "$tries" -gt 0 ] || exit 0
    sleep 0.5
done
[ "$(ask -p "$REDIS_PORT" cluster nodes | grep -c .)" -gt 1 ] || exit 0
for member in $MEMBERS; do
    ip=$(ask -h "${member%:*}" -p "${member##*:}" config get cluster-announce-ip | tail -n 1)
    [ -z "$ip" ] || ask -p "$REDIS_PORT" cluster meet "$ip" "${member##*:}"
done
exit 0
