#!/bin/sh
# Writes the files of secrets that the manifests are generated with, with fresh values and for your eyes
# only. What is there already stays; what an example names and a file lacks is added (to do
# without one, comment it out).
set -eu
umask 077
cd "$(dirname "$0")"

fresh() { od -An -N 32 -tx1 /dev/urandom | tr -d ' \n'; }

for example in */.env.secret.example; do
    file=${example%.example}
    touch "$file"
    chmod 600 "$file"
    # A value that stands last without its line's end would swallow the next one.
    [ -z "$(tail -c 1 "$file")" ] || echo >>"$file"
    sed -n 's/^\([A-Z_]*\)=$/\1/p' "$example" | while read -r name; do
        grep -q "^#* *$name=" "$file" || printf '%s=%s\n' "$name" "$(fresh)" >>"$file"
    done
    echo "deploy/kubernetes/$file has all that ${example##*/} names."
done
