# Takes a Compose project down at the end of standard input, and its directory of secrets with it.
#
# The test holds the other end of standard input: however it ends, even by SIGKILL, the end of file
# arrives here. There is no other way down, so each run shows that this one works.
#
# Arguments: the directory, then the command that is `compose down`. Its output is shown if it fails.
directory=$1
shift
down() {
    output=$("$@" 2>&1) && return
    code=$?
    printf '%s\n' "$output" >&2
}
code=0
cat >/dev/null
# A command that still brings the project up would go on with it: the test writes its pid there.
if busy=$(cat "$directory/busy" 2>/dev/null); then
    kill -KILL "$busy" 2>/dev/null
    down "$@"
    # What the engine had begun for it may have been finished meanwhile.
    sleep 1
fi
code=0
down "$@"
rm -rf "$directory"
exit "$code"
