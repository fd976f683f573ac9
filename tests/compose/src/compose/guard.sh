# Takes a Compose project down at the end of standard input, and its directory of secrets with it.
#
# The test holds the other end of standard input: however it ends, even by SIGKILL, the end of file
# arrives here. There is no other way down, so each run shows that this one works.
#
# Arguments: the directory, which has the project's name, then the command that is `compose down`. Its
# output is shown if it fails.
directory=$1
shift
down() {
    output=$("$@" 2>&1) || {
        code=$?
        printf '%s\n' "$output" >&2
    }
}

# What the engine had begun for a command that was killed: a volume that it makes by itself has no label
# by which `compose down` would find it.
sweep() {
    project=$(basename "$directory")
    docker container ls -aq --filter "name=$project" | xargs -r docker container rm -fv
    docker network ls -q --filter "name=$project" | xargs -r docker network rm
    docker volume ls -q --filter "name=$project" | xargs -r docker volume rm
}

cat >/dev/null
code=0
# A command that still brings the project up would go on with it: the test writes its pid there.
if busy=$(cat "$directory/busy" 2>/dev/null); then
    kill -KILL "$busy" 2>/dev/null
    down "$@"
fi
down "$@"
[ -z "$busy" ] || sweep >/dev/null
rm -rf "$directory"
exit "$code"
