#!/bin/sh
# env.sh [FILE]: writes what docker-compose.yml needs to FILE, .env by default: secrets made at random, the
# project's name, URLs, and what else may be set, as comments. Values that are there are kept. Only its owner
# may read it.
set -eu

file=${1:-$(dirname -- "$0")/../.env}
umask 077
if [ ! -e "$file" ]; then
    cat >"$file" <<'TEXT'
# What docker-compose.yml is told. Written by `make env`, which keeps what stands here.

# Where the balancer listens; with other ports, the URLs below change too. What only operators need (the
# nodes' admin listeners, Prometheus, Grafana) has an address of its own: it is not for the world.
#BATON_BIND=127.0.0.1
#BATON_PORT=8700
#BATON_NODE1_PORT=8711
#BATON_NODE2_PORT=8712
#BATON_NODE3_PORT=8713
#BATON_ADMIN_BIND=127.0.0.1
#BATON_ADMIN_PORT=8701
#BATON_PROMETHEUS_PORT=9090
#BATON_GRAFANA_PORT=3000

# Proxies in front of the balancer, and its own network: whose X-Forwarded-For is believed.
#BATON_TRUSTED_PROXIES=172.16.0.0/12

# How much Redis may hold. Full, it refuses new sessions; nothing is evicted.
#REDIS_MAXMEMORY=512mb

# Sites whose pages agents may see.
#BATON_COBROWSE__ALLOWED_ORIGINS=https://shop.example.com

TEXT
fi
chmod 600 "$file"
# Whoever edited it may have left the last line open.
[ -z "$(tail -c 1 "$file")" ] || echo >>"$file"

value() {
    found=$(printenv "$1" || sed -n "s/^$1=//p" "$file" | tail -n 1)
    echo "${found:-$2}"
}

add() {
    grep -q "^$1=" "$file" || echo "$1=$2" >>"$file"
}

# Two trees in directories of the same name are two projects: one must not end the other's.
add COMPOSE_PROJECT_NAME "baton-$(cd "$(dirname "$file")" && pwd | cksum | cut -d ' ' -f 1)"
# How clients reach the balancer, and through it each node: endpoints and serverUrl are made of these.
add BATON_PUBLIC_URL "http://127.0.0.1:$(value BATON_PORT 8700)"
for n in 1 2 3; do
    add "BATON_NODE${n}_URL" "http://127.0.0.1:$(value "BATON_NODE${n}_PORT" "871$n")"
done

for name in REDIS_PASSWORD BATON_CLUSTER_SECRET BATON_AUTH_SECRET BATON_ADMIN_TOKEN BATON_WATCH_API_KEY \
    GRAFANA_PASSWORD; do
    if ! grep -q "^$name=." "$file"; then
        # Hexadecimal digits need no quotes, neither in URLs nor in Redis's settings.
        echo "$name=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >>"$file"
    fi
done
