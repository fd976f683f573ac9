# Runs a program for as long as standard input stays open, and leaves nothing behind.
#
# The test holds the other end of standard input: however it ends, even by SIGKILL, the end of
# file arrives here. KILL, because a program frozen by SIGSTOP hears no other signal.
#
# Arguments: the program and its own. It runs in a directory of its own, which has its output in
# `log` and the variable CHILD_CONFIG in `config`. Prints its pid and the directory, and at its end
# its exit code.
dir=$(mktemp -d) && cd "$dir" || exit 1
printf '%s\n' "${CHILD_CONFIG-}" >config
"$@" >log 2>&1 &
pid=$!
echo "$pid $dir"
exec 3<&0 2>/dev/null
{ cat <&3; kill -KILL "$pid"; } >/dev/null 2>&1 &
guard=$!
wait "$pid"
code=$?
# The pid is nobody's any more, or somebody else's.
kill "$guard"
echo "$code"
cat <&3 >/dev/null
rm -rf "$dir"
