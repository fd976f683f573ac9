#!/bin/sh
# debian.sh TAG: a stand-in of debian:bookworm-slim, by debootstrap, from $MIRROR where it is named. Once: it is not made anew
# where it is, for all others build on it.
set -eu

tag=$1
if docker image inspect "$tag" >/dev/null 2>&1; then exit; fi
if [ "$(id -u)" -ne 0 ]; then
    echo "debootstrap takes root: sudo scripts/engine.sh images" >&2
    exit 1
fi
command -v debootstrap >/dev/null || sh "$(dirname "$0")/../install-packages.sh" "The stand-in images" debootstrap

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 1' HUP INT TERM

debootstrap --variant=minbase bookworm "$root" ${MIRROR:+"$MIRROR"}

# The suites that this machine's apt knows to be reachable: updates and security fixes among them.
# shellcheck disable=SC2016 # names of apt's own
apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
    grep -E ' bookworm(-updates|-security)? ' >"$root/etc/apt/sources.list.d/host.list" || true
if [ -s "$root/etc/apt/sources.list.d/host.list" ]; then rm "$root/etc/apt/sources.list"; fi

# How this machine's apt reaches the mirror: proxy, and whether old indexes are taken.
apt-config dump | grep -E '^Acquire::(Check-(Date|Valid-Until)|https?::Proxy|Retries) ' \
    >"$root/etc/apt/apt.conf.d/90host" || true
# As in the public image: no caches, and packages leave documentation out.
cat >"$root/etc/apt/apt.conf.d/docker-clean" <<'CONF'
DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
CONF
printf 'path-exclude /usr/share/%s/*\n' doc groff info linda lintian locale man >"$root/etc/dpkg/dpkg.cfg.d/docker"

tar -C "$root" --create --exclude='./var/cache/apt/*' --exclude='./var/lib/apt/lists/*' \
    --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*' \
    --exclude='./usr/share/info/*' --exclude='./var/log/*' --exclude='./dev/*' . |
    docker import --change 'CMD ["bash"]' --change "LABEL baton.stand-in='debootstrap of bookworm'" - "$tag"
