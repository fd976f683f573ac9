#!/bin/sh
# The habits of the public images of Redis and Valkey: arguments are those of the server, which gives up
# root, and takes connections from other containers although it has no password.
set -eu

case ${1-} in
-* | *.conf) set -- "$SERVER" "$@" ;;
esac
if [ "$1" = "$SERVER" ]; then
    # After what was asked for, for the first argument may be a file of settings, or --version.
    case $* in
    *protected-mode*) ;;
    *) set -- "$@" --protected-mode no ;;
    esac
    if [ "$(id -u)" -eq 0 ]; then
        find . ! -user "$SERVER_USER" -exec chown "$SERVER_USER:$SERVER_USER" {} +
        exec setpriv --reuid "$SERVER_USER" --regid "$SERVER_USER" --clear-groups "$@"
    fi
fi
exec "$@"
