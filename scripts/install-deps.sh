#!/bin/sh
# Installs the programs that the tests start themselves, where they are missing: redis-server, Chromium, load
# balancers, Prometheus, and pip, from Debian. Starts no service and leaves none behind.
# BATON_CHROMIUM names a browser elsewhere.
set -eu

packages=
command -v redis-server >/dev/null || packages="$packages redis-server"
[ -x "${BATON_CHROMIUM:-/usr/bin/chromium}" ] || packages="$packages chromium"
command -v haproxy >/dev/null || [ -x /usr/sbin/haproxy ] || packages="$packages haproxy"
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || packages="$packages nginx"
command -v promtool >/dev/null || packages="$packages prometheus"
python3 -m pip --version >/dev/null 2>&1 || packages="$packages python3-pip"
# What checks the Kubernetes manifests lives in an environment of its own.
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3 python3-venv"
[ -n "$packages" ] || exit 0

# shellcheck disable=SC2086 # packages are words
sh "$(dirname "$0")/install-packages.sh" "make test" $packages || {
    echo "(a Chromium in another place than /usr/bin/chromium is named by BATON_CHROMIUM)" >&2
    exit 1
}
