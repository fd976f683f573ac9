#!/bin/sh
# Starts a Sentinel. It keeps its configuration itself, with all it has learnt; here only what it must not
# learn is renewed: the users and passwords.
#
# Environment: REDIS_DATA, REDIS_PASSWORD, REDIS_SERVER_PASSWORD, SENTINEL_HOST (this Sentinel's stable
# name), SENTINEL_PORT, REDIS_FIRST (`host port`: the primary of the very first start), QUORUM,
# DOWN_AFTER_MS.
set -eu
umask 077
conf=$REDIS_DATA/sentinel.conf

hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

learnt() {
    if [ -e "$conf" ]; then
        grep -vE '^(port|dir|protected-mode|user|sentinel (resolve-hostnames|announce-[a-z]*|sentinel-user|sentinel-pass|auth-user|auth-pass)) ' "$conf"
    else
        echo "sentinel monitor baton $REDIS_FIRST $QUORUM"
        echo "sentinel down-after-milliseconds baton $DOWN_AFTER_MS"
        echo "sentinel failover-timeout baton $((DOWN_AFTER_MS * 6))"
        echo "sentinel parallel-syncs baton 1"
    fi
}

{
    echo "port $SENTINEL_PORT"
    echo "dir $REDIS_DATA"
    echo "protected-mode no"
    # Addresses change with each restart of a pod, names do not. To be set before any name is read.
    echo "sentinel resolve-hostnames yes"
    echo "sentinel announce-hostnames yes"
    echo "sentinel announce-ip $SENTINEL_HOST"
    echo "sentinel announce-port $SENTINEL_PORT"
    echo "user default off"
    echo "user baton on #$(hash "$REDIS_PASSWORD") resetchannels &+* -@all +@connection -@dangerous +role +subscribe +sentinel|masters +sentinel|master +sentinel|get-master-addr-by-name +sentinel|replicas +sentinel|slaves +sentinel|sentinels +sentinel|myid"
    echo "user server on #$(hash "$REDIS_SERVER_PASSWORD") allkeys allchannels +@all"
    echo "sentinel sentinel-user server"
    echo "sentinel sentinel-pass $REDIS_SERVER_PASSWORD"
    learnt
    echo "sentinel auth-user baton server"
    echo "sentinel auth-pass baton $REDIS_SERVER_PASSWORD"
} >"$conf.new"
mv "$conf.new" "$conf"

# The name of the first primary must lead somewhere before it can be watched.
if ! grep -q '^sentinel known-' "$conf"; then
    until REDISCLI_AUTH="$REDIS_SERVER_PASSWORD" redis-cli -h "${REDIS_FIRST% *}" -p "${REDIS_FIRST#* }" \
        --user server --no-auth-warning ping 2>/dev/null | grep -q .; do
        echo "waiting for $REDIS_FIRST"
        sleep 1
    done
fi
exec redis-server "$conf" --sentinel
