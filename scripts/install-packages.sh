#!/bin/sh
# install-packages.sh WHO PACKAGE...: installs Debian packages, or tells how. Starts no service and
# leaves none to start with the machine. WHO needs them, for people: "The tests".
set -eu

who=$1
shift

install="apt-get update && apt-get install -y --no-install-recommends $*"
if ! command -v apt-get >/dev/null; then
    echo "$who needs these programs, and this is no Debian to install them from: $*" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "$who needs Debian packages that are missing here. Install them as root:" >&2
    echo "    $install" >&2
    exit 1
fi

# Debian starts a server as it installs it, unless this policy forbids it (101: not allowed).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' HUP INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
fi

export DEBIAN_FRONTEND=noninteractive
sh -c "$install"

# Nor is it to start with the machine.
if command -v systemctl >/dev/null; then
    for unit in $(dpkg -L "$@" | sed -n 's|.*/systemd/system/\([^/@]*\.\(service\|socket\)\)$|\1|p'); do
        systemctl disable "$unit"
    done
fi
