#!/bin/sh
# Starts a member of the cluster. Clients are told its stable name; the members know each other by address, and hear of
# a new one from keep.sh.
#
# Environment: that of server.sh, and REDIS_HOST (this server's stable name), POD_IP.
set -eu
exec sh "$REDIS_COMMON/server.sh" \
    "cluster-enabled yes" \
    "cluster-config-file $REDIS_DATA/nodes.conf" \
    "cluster-node-timeout $CLUSTER_NODE_TIMEOUT_MS" \
    "cluster-announce-ip $POD_IP" \
    "cluster-announce-hostname $REDIS_HOST" \
    "cluster-preferred-endpoint-type hostname" \
    "cluster-require-full-coverage no"
