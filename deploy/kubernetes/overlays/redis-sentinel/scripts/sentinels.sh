# shellcheck shell=sh
# Read by redis.sh and handover.sh. Environment: SENTINELS (`host:port …`), REDIS_SERVER_PASSWORD.

# ask_sentinel HOST:PORT COMMAND…
ask_sentinel() {
    where=$1
    shift
    REDISCLI_AUTH="$REDIS_SERVER_PASSWORD" timeout 2 redis-cli -h "${where%:*}" -p "${where##*:}" \
        --user server --no-auth-warning sentinel "$@" 2>/dev/null | tr -d '\r'
}

# `host port` of the primary, as the first Sentinel that answers names it; fails where none answers.
sentinels_say() {
    for sentinel in $SENTINELS; do
        ask_sentinel "$sentinel" get-master-addr-by-name baton | tr '\n' ' ' |
            sed -n 's/^\([^ ][^ ]*\) \([0-9][0-9]*\) $/\1 \2/p' | grep . && return
    done
    return 1
}
