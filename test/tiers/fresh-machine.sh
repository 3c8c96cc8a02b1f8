#!/bin/sh
# Does what README tells a newcomer to, on a machine that is as new: Debian's smallest system, the Node and npm of this machine, git, and a
# clone of what is committed here. Needs root and debootstrap; leaves nothing behind. FRESH_BASE=DIR keeps the bare system for the next time.
#   test/tiers/fresh-machine.sh ['npm run demo && npm cit']
set -eu
repository=$(cd "$(dirname "$0")/../.." && pwd)
command=${1:-npm run demo && npm cit}
folder=$(mktemp -d)
trap 'rm -rf --one-file-system "$folder"' EXIT
trap 'exit 1' INT TERM HUP
base=${FRESH_BASE:-$folder/base}
root=$folder/root

[ -e "$base/etc/debian_version" ] || debootstrap --variant=minbase --include=git,ca-certificates bookworm "$base" >"$folder/log" || {
  cat "$folder/log"
  exit 1
}
cp -a "$base" "$root"
cp /etc/resolv.conf /etc/hosts "$root/etc"
[ -z "${NODE_EXTRA_CA_CERTS:-}" ] || cp "$NODE_EXTRA_CA_CERTS" "$root/etc/extra-ca.pem"
cp "$(realpath "$(command -v node)")" "$root/usr/local/bin/node"
mkdir -p "$root/usr/local/lib/node_modules"
cp -a "$(dirname "$(realpath "$(command -v npm)")")/.." "$root/usr/local/lib/node_modules/npm"
for name in npm npx; do ln -s "../lib/node_modules/npm/bin/$name-cli.js" "$root/usr/local/bin/$name"; done
git clone -q --no-hardlinks "$repository" "$root/root/clone"

# The namespaces take mounts and processes with them when the command ends.
# shellcheck disable=SC2016
unshare --mount --pid --kill-child sh -eu -c '
  mount --bind "$1" "$1"
  cd "$1"
  mount -t proc proc "$1/proc"
  mount --rbind /sys "$1/sys"
  mount --rbind /dev "$1/dev"
  exec chroot "$1" env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ${2:+"NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem"} sh -c "cd /root/clone && $3"
' sh "$root" "${NODE_EXTRA_CA_CERTS:-}" "$command" &
child=$!
# It ignores everything else; what it started ends with it.
trap 'kill -KILL "$child"; wait "$child" || exit 1' INT TERM HUP
wait "$child"
