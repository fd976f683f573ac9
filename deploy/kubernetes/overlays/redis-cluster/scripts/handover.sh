#!/bin/sh
# Before this member stops: is it a primary, one of its replicas takes over first, and no slot waits for the
# others to notice. Gives up after a while: then they notice.
#
# Environment: that of redis.sh.
set -u
export REDISCLI_AUTH="$REDIS_SERVER_PASSWORD"
ask() { timeout 2 redis-cli --user server --no-auth-warning "$@" 2>/dev/null | tr -d '\r'; }
is_primary() { ask -p "$REDIS_PORT" info replication | grep -qx role:master; }

is_primary || exit 0
myself=$(ask -p "$REDIS_PORT" cluster myid)
# id ip:port@bus,host flags primary …
replica=$(ask -p "$REDIS_PORT" cluster nodes |
    awk -v primary="$myself" '$4 == primary && $3 !~ /fail/ && $8 == "connected" { print $2; exit }')
[ -n "$replica" ] || exit 0
address=${replica%%@*}
ask -h "${address%:*}" -p "${address##*:}" cluster failover
tries=20
while is_primary && [ "$tries" -gt 0 ]; do
    tries=$((tries - 1))
    sleep 0.5
done
exit 0
