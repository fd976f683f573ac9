#!/bin/sh
# cluster.sh up      starts docker-compose.yml, waits until all of it is healthy, and says where it is
# cluster.sh down    ends it, and leaves nothing: no container, network or volume
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
compose() { sh "$here/compose.sh" "$@"; }

# The name and state of each container: its health, where it has a check.
states() {
    # shellcheck disable=SC2046 # ids are words
    docker inspect --format '{{.Name}} {{if .State.Health}}{{.State.Health.Status}}{{else}}{{.State.Status}}{{end}}' \
        $(compose ps -q)
}

wait_until_healthy() {
    tries=0
    while states | grep -Evq ' (healthy|running)$'; do
        tries=$((tries + 1))
        if [ "$tries" -ge 120 ]; then
            echo "cluster: after two minutes not all is well; look at: scripts/compose.sh logs" >&2
            states >&2
            return 1
        fi
        sleep 1
    done
}

# A value of .env or of the environment, which beats it; as Compose sees them.
value() {
    found=$(printenv "$1" || sed -n "s/^$1=//p" "$here/../.env" | tail -n 1)
    echo "${found:-${2-}}"
}

announce() {
    host=$(value BATON_BIND 127.0.0.1)
    admin=$(value BATON_ADMIN_BIND 127.0.0.1)
    cat <<TEXT

balancer      http://$host:$(value BATON_PORT 8700); clients are told $(value BATON_PUBLIC_URL)
single nodes  http://$host:$(value BATON_NODE1_PORT 8711) $(value BATON_NODE2_PORT 8712) $(value BATON_NODE3_PORT 8713)
console       http://$admin:$(value BATON_ADMIN_PORT 8701)/console/ (its token is BATON_ADMIN_TOKEN in .env)
a token       scripts/compose.sh exec -T node1 baton token --tenant acme --customer alice
the rest      scripts/compose.sh ps, logs, ...; make cluster-down ends it
TEXT
}

case ${1-} in
up)
    DOCKER_HOST=$(sh "$here/engine.sh" host)
    export DOCKER_HOST
    compose up -d
    wait_until_healthy
    announce
    ;;
down) compose --profile monitoring down --volumes --remove-orphans ;;
*)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
