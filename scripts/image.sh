#!/bin/sh
# Builds the image baton:local, or what BATON_IMAGE names.
#
#   scripts/image.sh                    from the sources, all of it in containers
#   scripts/image.sh prebuilt BINARY    around a binary built here, in seconds (a debug binary brings no
#                                       web pages along: it reads them from web/dist where it was built)
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
image=${BATON_IMAGE:-baton:local}
DOCKER_HOST=$(sh "$root/scripts/engine.sh" host)
export DOCKER_HOST
cd "$root"

# Where the client has no buildx, the engine's own builder does.
docker buildx version >/dev/null 2>&1 || export DOCKER_BUILDKIT=0

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
[ -z "$(git status --porcelain 2>/dev/null)" ] || revision=$revision-modified

build() {
    docker build --file deploy/Dockerfile --target "$1" --tag "$image" \
        --build-arg "VERSION=$version" --build-arg "REVISION=$revision" .
}

case ${1-} in
'') build runtime ;;
prebuilt)
    mkdir -p target/image
    cp "$2" target/image/baton
    # Symbols of a debug binary are ten times the rest.
    if command -v strip >/dev/null; then strip target/image/baton; fi
    build prebuilt
    ;;
*)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
# A binary of a newer system does not start on the image's C library: say so now.
docker run --rm "$image" --version || {
    echo "image: the binary does not start in $image: build it there, by: make image" >&2
    exit 1
}
