#!/bin/sh
# A Docker engine for the container and compose tests, and for `make cluster`.
#
#   scripts/engine.sh start            makes one answer: the one that does already, else one that is
#                                      installed (Debian, as root) and started below target/engine
#   scripts/engine.sh host             prints the DOCKER_HOST of the engine that answers; fails without one
#   scripts/engine.sh status           says in a line which one that is
#   scripts/engine.sh stop             ends the engine that `start` started, and no other
#   scripts/engine.sh images [WHAT]    gets the images of the tests (WHAT: test, cluster, monitoring, all);
#                                      builds stand-ins for those that cannot be pulled
#
# Use it by DOCKER_HOST=$(scripts/engine.sh host).
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
target=${CARGO_TARGET_DIR:-$here/../target}
mkdir -p "$target/engine"
home=$(CDPATH='' cd -- "$target/engine" && pwd)
data=$home/data
log=$home/dockerd.log
pid_file=$home/dockerd.pid

# The path of a Unix socket has at most 107 bytes, and containerd's lie below this directory.
run=$home/run
if [ ${#run} -gt 60 ]; then
    run=/run/baton-engine-$(printf %s "$home" | cksum | cut -d ' ' -f 1)
fi
own=unix://$run/docker.sock
default=unix:///var/run/docker.sock

say() { echo "engine: $*" >&2; }

answers() {
    DOCKER_HOST=$1 timeout 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
}

# The first engine that answers: that of the environment, of the client's context (Desktop, rootless), of the
# machine, of this script.
host() {
    command -v docker >/dev/null || return 1
    context=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null) || context=
    for candidate in ${DOCKER_HOST:+"$DOCKER_HOST"} ${context:+"$context"} "$default" "$own"; do
        if answers "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

# The engine's process id, if that is (still) an engine of ours. One that died leaves its file behind,
# and nobody may have waited for it: a zombie has no command line.
own_pid() {
    [ -s "$pid_file" ] || return 1
    pid=$(cat "$pid_file")
    is_process "$pid" dockerd && is_process "$pid" "$data" && echo "$pid"
}

is_process() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "$2"; }

# Compose: version 2 where the client has it, and any other where not.
install_compose() {
    if docker compose version >/dev/null 2>&1 || command -v docker-compose >/dev/null; then return; fi
    sh "$here/install-packages.sh" "Docker Compose" docker-compose
}

install() {
    missing=
    command -v dockerd >/dev/null || missing="$missing docker.io"
    command -v iptables >/dev/null || missing="$missing iptables"
    # In later releases of Debian the client is a package of its own.
    if ! command -v docker >/dev/null && apt-cache show docker-cli >/dev/null 2>&1; then
        missing="$missing docker-cli"
    fi
    if [ -z "$missing" ]; then return; fi
    # shellcheck disable=SC2086 # packages are words
    sh "$here/install-packages.sh" "A Docker engine" $missing
}

# Overlay on overlay does not work: where the tree itself is in a container, the slow driver does.
# Without NAT containers reach each other and are reached, but not the outside.
start_own() {
    mkdir -p "$data" "$run"
    supervisor=$run/containerd/containerd.pid
    if [ -s "$supervisor" ] && ! is_process "$(cat "$supervisor")" containerd; then
        rm -f "$supervisor"
    fi
    : >"$log"
    for flags in "--storage-driver=overlay2" "--storage-driver=vfs" \
        "--storage-driver=overlay2 --iptables=false" "--storage-driver=vfs --iptables=false"; do
        rm -f "$pid_file"
        echo "== dockerd $flags" >>"$log"
        # shellcheck disable=SC2086 # flags are words
        PATH=$PATH:/usr/sbin:/sbin setsid dockerd --data-root "$data" --exec-root "$run" \
            --pidfile "$pid_file" --host "$own" $flags </dev/null >>"$log" 2>&1 &
        started=$!
        if is_up "$started"; then
            say "started one ($flags); stop it by: scripts/engine.sh stop"
            return
        fi
    done
    say "dockerd does not start on this machine; the end of $log:"
    tail -n 5 "$log" >&2
    return 1
}

# Waits until the engine answers, or its process ended.
is_up() {
    tries=0
    while [ "$tries" -lt 300 ]; do
        if answers "$own"; then return; fi
        # What ended has no command line any more.
        is_process "$1" '' || return 1
        tries=$((tries + 1))
        sleep 0.1
    done
    kill "$1" 2>/dev/null || true
    return 1
}

start() {
    if found=$(host); then
        say "$found answers"
        install_compose
        return
    fi
    install
    if [ "$(id -u)" -ne 0 ]; then
        if [ -S "${default#unix://}" ] && ! [ -w "${default#unix://}" ]; then
            say "${default#unix://} is there, and not for this user: join its group (usermod -aG docker), log in again"
            return 1
        fi
        say "no Docker engine answers, and starting one takes root: sudo scripts/engine.sh start"
        return 1
    fi
    install_compose
    start_own
}

stop() {
    if pid=$(own_pid); then
        kill "$pid"
        # It ends its containers first, each within their grace.
        while is_process "$pid" dockerd; do sleep 0.1; done
        rm -f "$pid_file"
        say "stopped"
    else
        say "none of ours is running"
    fi
    # What it mounted, and leaves behind where it was killed: the directories could not be removed.
    cut -d ' ' -f 2 /proc/self/mounts | grep -F -e "$home/" -e "$run/" | sort -r | while read -r mounted; do
        umount "$mounted" || true
    done
    [ "$run" = "$home/run" ] || rm -rf "$run"
}

status() {
    if ! found=$(host); then
        say "none answers; make one do so by: make engine"
        return 1
    fi
    whose="not started here"
    [ "$found" != "$own" ] || whose="started by scripts/engine.sh, process $(own_pid)"
    DOCKER_HOST=$found docker info \
        --format "engine: $found answers: Docker {{.ServerVersion}}, {{.Driver}}, {{.Images}} images; $whose"
}

case ${1-} in
start) start ;;
stop) stop ;;
status) status ;;
host) host || { say "none answers; make one do so by: make engine"; exit 1; } ;;
images)
    DOCKER_HOST=$(host) || { say "none answers; make one do so by: make engine"; exit 1; }
    export DOCKER_HOST
    exec sh "$here/images/prepare.sh" "${2:-test}"
    ;;
*)
    sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
