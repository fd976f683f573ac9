#!/bin/sh
# The habits of the public image of HAProxy: master and worker in the foreground.
set -eu

case ${1-} in
-*) set -- haproxy "$@" ;;
esac
if [ "$1" = haproxy ]; then
    shift
    set -- haproxy -W -db "$@"
fi
exec "$@"
