#!/bin/sh
# rust.sh TAG: a stand-in of rust:1-slim-bookworm: Debian's gcc, and the toolchain of this machine.
set -eu

tag=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
label=$(rustc --version)
made=$(docker image inspect --format '{{index .Config.Labels "baton.stand-in"}}' "$tag" 2>/dev/null) || made=
if [ "$made" = "$label" ]; then exit; fi

docker build --file "$here/rust.Dockerfile" --tag baton-stand-in:rust "$here"
container=$(docker create baton-stand-in:rust)
trap 'docker rm --force "$container" >/dev/null; docker rmi baton-stand-in:rust >/dev/null' EXIT
trap 'exit 1' HUP INT TERM
# Without documentation and sources, which are half of it.
tar -C "$(rustc --print sysroot)" --create --exclude=./share --exclude=./lib/rustlib/src \
    --transform 's|^\.|usr/local/rustup|' . | docker cp - "$container:/"
sh "$here/certificates.sh" "$container"
docker commit --change "LABEL baton.stand-in='$label'" "$container" "$tag"
