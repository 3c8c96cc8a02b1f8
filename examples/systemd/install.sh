#!/bin/sh
# Once on each host, as root, in a copy of this folder: the accounts, the folder, the units, the sudoers line.
# With DESTDIR, only the files are put there.
set -e
cd "$(dirname "$0")"

visudo -cqf shop.sudoers
install -d "$DESTDIR/etc/systemd/system" "$DESTDIR/etc/sudoers.d"
install -m 644 units/* "$DESTDIR/etc/systemd/system/"
install -m 440 shop.sudoers "$DESTDIR/etc/sudoers.d/shop"
[ -z "$DESTDIR" ] || exit 0

# `deploy` logs in and owns the code; `shop` runs it, and can write in shared/ only.
for login in deploy shop; do
  id "$login" >/dev/null 2>&1 || useradd --system --create-home --shell /bin/sh "$login"
done
install -d -o deploy -g deploy /srv/shop
install -d -o shop -g deploy -m 2775 /srv/shop/shared
systemctl daemon-reload
systemctl enable --now shop.socket
