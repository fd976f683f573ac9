#!/bin/sh
# Installs the programs that the tests start themselves, where they are missing: redis-server, Chromium, load
# balancers, Prometheus, openssl, and pip, from Debian. Starts no service and leaves none behind.
# BATON_CHROMIUM names a browser elsewhere.
set -eu

packages=
command -v redis-server >/dev/null || packages="$packages redis-server"
[ -x "${BATON_CHROMIUM:-/usr/bin/chromium}" ] || packages="$packages chromium"
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || packages="$packages haproxy"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages="$packages nginx"
command -v promtool >/dev/null || packages="$packages prometheus"
command -v openssl >/dev/null || packages="$packages openssl"
python3 -m pip --version >/dev/null 2>&1 || packages="$packages python3-pip"
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

# Nor is any of them to start with the machine.
if command -v systemctl >/dev/null; then
    for package in $packages; do
        case $package in
        redis-server | haproxy | nginx | prometheus) systemctl disable "$package.service" ;;
        esac
    done
fi
