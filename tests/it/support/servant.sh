# Runs a program for as long as standard input stays open.
#
# The test process holds the other end: however it ends, even by SIGKILL, the end of file arrives here.
# Arguments: the file for its output, the program, its arguments. Prints the program's pid.
log=$1
shift
"$@" >"$log" 2>&1 </dev/null &
pid=$!
echo "$pid"
exec 3<&0 >/dev/null
{ cat <&3; kill -KILL "$pid"; } >/dev/null 2>&1 &
wait "$pid"
