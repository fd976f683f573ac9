#!/bin/sh
# Runs the tests of the stores against Redis and Valkey in containers, by testcontainers. Fails where no Docker
# engine answers. Every test is the one that runs against a local redis-server otherwise: BATON_REDIS_LAUNCHER
# alone differs.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cd "$here/.."

say() { echo "containers: $*"; }

if ! DOCKER_HOST=$(sh scripts/engine.sh host); then
    say "no Docker engine answers; make one do so by: make engine" >&2
    exit 1
fi
export DOCKER_HOST
for image in redis:7-alpine valkey/valkey:8; do
    docker image inspect "$image" >/dev/null 2>&1 || sh scripts/engine.sh images test
done

cargo build --quiet -p baton-redis-container
BATON_REDIS_LAUNCHER=$(CDPATH='' cd -- "${CARGO_TARGET_DIR:-target}" && pwd)/debug/baton-redis-container
BATON_REDIS_RUN=$$-$(date +%s)
export BATON_REDIS_LAUNCHER BATON_REDIS_RUN

left() { docker ps --all --quiet --filter "label=baton.tests.run=$BATON_REDIS_RUN"; }

# Each launcher removes its container; only one that was itself killed cannot.
clean_up() {
    # shellcheck disable=SC2046 # ids are words
    [ -z "$(left)" ] || docker rm --force --volumes $(left) >/dev/null 2>&1 || true
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# run IMAGE FILTER...: the tests of these names, every server of theirs in a container.
run() {
    export BATON_REDIS_IMAGE="$1"
    shift
    version=$(docker run --rm --entrypoint sh "$BATON_REDIS_IMAGE" -c \
        '$(command -v redis-server || command -v valkey-server) --version' | cut -d ' ' -f 1-3)
    say "$BATON_REDIS_IMAGE ($version), each server a container of it"
    cargo test -p baton --test it --quiet -- "$@"
    # Servers that tests shared end with the tests, at the end of which nobody waits for them.
    tries=0
    while [ -n "$(left)" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 30 ] || {
            say "containers were left behind: $(left)" >&2
            exit 1
        }
        sleep 1
    done
}

run redis:7-alpine ::redis:: ::redis_cluster:: cluster:: redis_
run valkey/valkey:8 ::redis:: ::redis_cluster::
say "ran against containers of redis:7-alpine and valkey/valkey:8; all of them are removed"
