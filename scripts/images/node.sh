#!/bin/sh
# node.sh TAG: a stand-in of node:22-bookworm-slim: Node.js and npm of this machine.
set -eu

tag=$1
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
label="Node.js $(node --version)"
made=$(docker image inspect --format '{{index .Config.Labels "baton.stand-in"}}' "$tag" 2>/dev/null) || made=
if [ "$made" = "$label" ]; then exit; fi

docker build --file "$here/node.Dockerfile" --tag baton-stand-in:node "$here"
container=$(docker create baton-stand-in:node)
trap 'docker rm --force "$container" >/dev/null; docker rmi baton-stand-in:node >/dev/null' EXIT
trap 'exit 1' HUP INT TERM
docker cp --follow-link "$(node -p process.execPath)" "$container:/usr/local/bin/node"
docker cp "$(npm root --global)/npm" "$container:/usr/local/lib/node_modules/npm"
sh "$here/certificates.sh" "$container"
docker commit --change "LABEL baton.stand-in='$label'" "$container" "$tag"
