#!/bin/sh
# Installs the programs that the tests start themselves, where they are missing: redis-server and
# Chromium from Debian. Starts no service and leaves none behind. BATON_CHROMIUM names a browser elsewhere.
set -eu

packages=
command -v redis-server >/dev/null || packages="$packages redis-server"
[ -x "${BATON_CHROMIUM:-/usr/bin/chromium}" ] || packages="$packages chromium"
# What checks the Kubernetes manifests lives in an environment of its own.
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3 python3-venv"
[ -n "$packages" ] || exit 0

install="apt-get update && apt-get install -y --no-install-recommends$packages"
if ! command -v apt-get >/dev/null; then
    echo "The tests need these programs, and this is no Debian to install them from:$packages" >&2
    echo "(a Chromium in another place than /usr/bin/chromium is named by BATON_CHROMIUM)" >&2
    exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "The tests need Debian packages that are missing here. Install them as root:" >&2
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
case $packages in
*redis-server*)
    if command -v systemctl >/dev/null; then systemctl disable redis-server.service; fi
    ;;
esac
