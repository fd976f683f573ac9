#!/bin/sh
# Beside each member, as long as it runs: keeps it in touch while addresses change. Redis does so by itself
# while few of them do, and has two gaps. After a restart of all no address is good any more: the member
# introduces itself to the others anew. And a replica that learns its primary's new address from a third
# member goes on asking the old one: it is told again whose replica it is.
# A member that belongs to no cluster yet is left alone: create.sh takes only such.
#
# Environment: REDIS_PORT, REDIS_SERVER_PASSWORD, MEMBERS (`host:port …`).
set -u
export REDISCLI_AUTH="$REDIS_SERVER_PASSWORD"
ask() { timeout 2 redis-cli --user server --no-auth-warning "$@" 2>/dev/null | tr -d '\r'; }

# Lines of `cluster nodes`: id ip:port@bus,host flags primary ping pong epoch link slots…
introduce() {
    for member in $MEMBERS; do
        ip=$(ask -h "${member%:*}" -p "${member##*:}" config get cluster-announce-ip | tail -n 1)
        [ -n "$ip" ] || continue
        address=$ip:${member##*:}
        echo "$nodes" | awk -v address="$address@" \
            'index($2, address) == 1 && ($3 ~ /myself/ || $8 == "connected") { found = 1 } END { exit !found }' ||
            echo "meets $member at $address: $(ask -p "$REDIS_PORT" cluster meet "$ip" "${member##*:}")"
    done
}

follow() {
    primary=$(echo "$nodes" | awk '$3 ~ /myself/ && $4 != "-" { print $4 }')
    [ -n "$primary" ] || return
    address=$(echo "$nodes" | awk -v id="$primary" '$1 == id && $3 !~ /fail|noaddr/ { sub(/@.*/, "", $2); print $2 }')
    asks=$(ask -p "$REDIS_PORT" info replication | awk -F : '
        $1 == "master_host" { host = $2 } $1 == "master_port" { port = $2 } END { print host ":" port }')
    # Between two roles it asks nobody.
    [ -z "$address" ] || [ "$asks" = : ] || [ "$address" = "$asks" ] ||
        echo "asked $asks, follows $address: $(ask -p "$REDIS_PORT" cluster replicate "$primary")"
}

trap 'exit 0' TERM INT
while :; do
    nodes=$(ask -p "$REDIS_PORT" cluster nodes)
    if [ "$(echo "$nodes" | grep -c .)" -gt 1 ]; then
        introduce
        follow
    fi
    # A signal ends a wait, not a sleep.
    sleep 2 &
    wait $!
done
