#!/bin/sh
# prepare.sh [test|cluster|monitoring|all]: gets the public images that Baton's compose file, Dockerfile and
# tests name. What cannot be pulled is made from Debian's packages, under the public name and with that
# image's habits (entry point, user, paths), so that the same files work. Called by scripts/engine.sh.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
label=baton.stand-in
registry=unknown
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Where the client has no buildx, the engine's own builder does.
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0

say() { echo "images: $*" >&2; }

# The image is here, and is not one of ours.
is_real() {
    found=$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null) || return 1
    [ -z "$found" ] || [ "$found" = "<no value>" ]
}

is_here() { docker image inspect "$1" >/dev/null 2>&1; }

# Pulls, where a registry answers within 20 s; a slow download may take its time.
pull() {
    [ "$registry" != none ] || return 1
    docker pull "$1" >"$work/pull" 2>&1 &
    puller=$!
    waited=0
    while [ "$waited" -lt 40 ] && kill -0 "$puller" 2>/dev/null && ! grep -q "Pulling from" "$work/pull"; do
        waited=$((waited + 1))
        sleep 0.5
    done
    grep -q "Pulling from" "$work/pull" || kill "$puller" 2>/dev/null || true
    if wait "$puller"; then
        registry=answers
        say "$1: pulled"
        return
    fi
    [ "$registry" != unknown ] || registry=none
    say "$1 cannot be pulled: $(tail -n 1 "$work/pull" | cut -c 1-150)"
    return 1
}

# The mirror that this machine's apt uses: another one may not be reachable.
# shellcheck disable=SC2016 # a name of apt's own
MIRROR=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' \
    2>/dev/null | head -n 1)
export MIRROR

# image NAME MAKER [ARGUMENT...]: the image is here afterwards. Those of ours are always made anew: the
# builder's cache makes that a moment where nothing changed.
image() {
    name=$1
    shift
    if is_real "$name" || { ! is_here "$name" && pull "$name"; }; then return; fi
    "$@" "$name" >"$work/log" 2>&1 || {
        say "$name: the stand-in could not be made:"
        tail -n 15 "$work/log" >&2
        exit 1
    }
    say "$name: a stand-in made here ($(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$name"))"
}

# From a Dockerfile beside this one, by the rest of its name.
package() {
    docker build --file "$here/$1.Dockerfile" --tag "$2" "$here"
}

script() { sh "$here/$1.sh" "$2"; }

tests() {
    image redis:7-alpine package redis
    image valkey/valkey:8 package valkey
    image haproxy:3.2 package haproxy
}

# What docker-compose.yml and the full build of its image take.
cluster() {
    image redis:7-alpine package redis
    image haproxy:3.2 package haproxy
    image rust:1-slim-bookworm script rust
    image node:22-bookworm-slim script node
}

monitoring() {
    image prom/prometheus:v3.5.0 package prometheus
    if ! is_here grafana/grafana:12.1.0 && ! pull grafana/grafana:12.1.0; then
        say "grafana/grafana:12.1.0: Debian has no package to make a stand-in from; the rest works without it"
    fi
}

image debian:bookworm-slim script debian
case ${1:-test} in
test) tests ;;
cluster) cluster ;;
monitoring) monitoring ;;
all) tests && cluster && monitoring ;;
*)
    echo "images: test, cluster, monitoring or all, not $1" >&2
    exit 2
    ;;
esac
