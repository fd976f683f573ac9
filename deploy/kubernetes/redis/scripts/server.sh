#!/bin/sh
# Starts a Redis server. Each argument is a line for its configuration.
#
# Environment: REDIS_DATA, REDIS_RUN (a folder in memory), REDIS_COMMON (the folder of this script),
# REDIS_PORT; REDIS_PASSWORD (Baton), REDIS_SERVER_PASSWORD (servers and Sentinels among themselves),
# REDIS_ADMIN_PASSWORD (people, and the Job that makes a cluster).
set -eu
umask 077

# What Baton may do, with its own keys and channels only. deploy/README.md, "Redis", lists the least; these are
# kinds of commands, so that a new release which uses another one needs no new Redis.
baton="+@connection +@read +@write +@pubsub -@dangerous +evalsha +eval +script|load +script|exists \
+time +wait +unwatch +info +role +cluster|slots +cluster|shards +cluster|nodes"
# What servers and Sentinels need of each other, and the probes and scripts beside them.
server="+ping +info +role +multi +exec +subscribe +publish +psync +replconf +replicaof +slaveof +config|get \
+config|rewrite +client|kill +client|setname +client|pause +client|unpause +script|kill +cluster|nodes +cluster|info +cluster|myid \
+cluster|meet +cluster|replicate +cluster|failover"

# Only hashes are in the file.
hash() { printf %s "$1" | sha256sum | cut -d ' ' -f 1; }

# Nobody can log in as `default`, and nobody is it who does not log in. It still may all: what a server
# reads back from its append-only file, or from its primary, is done in this user's name.
cat >"$REDIS_RUN/users.acl" <<EOF
user default off resetpass allkeys allchannels +@all
user baton on #$(hash "$REDIS_PASSWORD") resetkeys ~baton:* resetchannels &baton:* -@all $baton
user server on #$(hash "$REDIS_SERVER_PASSWORD") resetkeys allchannels -@all $server
user admin on #$(hash "$REDIS_ADMIN_PASSWORD") allkeys allchannels +@all
EOF

{
    cat "$REDIS_COMMON/redis.conf"
    echo "port $REDIS_PORT"
    echo "dir $REDIS_DATA"
    echo "aclfile $REDIS_RUN/users.acl"
    # A replica logs in at its primary.
    echo "masteruser server"
    echo "masterauth $REDIS_SERVER_PASSWORD"
    for line in "$@"; do echo "$line"; done
} >"$REDIS_DATA/redis.conf"

exec redis-server "$REDIS_DATA/redis.conf"
