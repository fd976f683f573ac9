#!/bin/sh
# env.sh [FILE]: writes what docker-compose.yml needs to FILE, .env by default: secrets made at random, and
# what else may be set, as comments. Values that are there are kept. Only its owner may read it.
set -eu

file=${1:-$(dirname -- "$0")/../.env}
umask 077
if [ ! -e "$file" ]; then
    cat >"$file" <<'TEXT'
# What docker-compose.yml is told. Written by `make env`, which keeps what stands here.

# How clients reach the balancer (with another BATON_PORT, this too: endpoints are made of it); and its host
# alone, for the URLs of single nodes.
#BATON_PUBLIC_URL=http://127.0.0.1:8700
#BATON_HOST=127.0.0.1

# Where it listens.
#BATON_BIND=127.0.0.1
#BATON_PORT=8700
#BATON_ADMIN_PORT=8701
#BATON_NODE1_PORT=8711
#BATON_NODE2_PORT=8712
#BATON_NODE3_PORT=8713
#BATON_PROMETHEUS_PORT=9090
#BATON_GRAFANA_PORT=3000

# Sites whose pages agents may see.
#BATON_COBROWSE__ALLOWED_ORIGINS=https://shop.example.com

TEXT
fi
chmod 600 "$file"
# Whoever edited it may have left the last line open.
[ -z "$(tail -c 1 "$file")" ] || echo >>"$file"

for name in REDIS_PASSWORD BATON_CLUSTER_SECRET BATON_AUTH_SECRET BATON_ADMIN_TOKEN BATON_WATCH_API_KEY \
    GRAFANA_PASSWORD; do
    if ! grep -q "^$name=." "$file"; then
        # Hexadecimal digits need no quotes, neither in URLs nor in Redis's settings.
        echo "$name=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')" >>"$file"
    fi
done
