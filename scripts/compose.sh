#!/bin/sh
# compose.sh ARGUMENT...: Docker Compose for this tree, by the engine that answers: the command that COMPOSE
# names, else the client's own (v2), else docker-compose.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
DOCKER_HOST=$(sh "$root/scripts/engine.sh" host)
export DOCKER_HOST
cd "$root"

# Where the client has no buildx, the engine's own builder does.
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0

if [ -n "${COMPOSE-}" ]; then
    # shellcheck disable=SC2086 # a command of several words
    exec $COMPOSE "$@"
elif docker compose version >/dev/null 2>&1; then
    exec docker compose "$@"
elif command -v docker-compose >/dev/null; then
    exec docker-compose "$@"
fi
echo "compose: neither 'docker compose' nor 'docker-compose' is here; get one by: make engine" >&2
exit 1
