# Runs redis-server for as long as standard input stays open, and leaves nothing behind.
#
# The test process holds the other end of standard input: however it ends, even by SIGKILL, the
# end of file arrives here. KILL, because a server frozen by SIGSTOP hears no other signal.
# Arguments: those of redis-server. Prints the server's pid.
# BATON_REDIS_SERVER names another server than the redis-server of the PATH.
dir=$(mktemp -d) || exit 1
"${BATON_REDIS_SERVER:-redis-server}" "$@" --dir "$dir" >/dev/null 2>&1 &
pid=$!
echo "$pid"
exec 3<&0 >/dev/null
{ cat <&3; kill -KILL "$pid"; } >/dev/null 2>&1 &
wait "$pid"
rm -rf "$dir"
