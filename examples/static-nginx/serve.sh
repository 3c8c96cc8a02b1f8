#!/bin/sh
# nginx in the foreground, as whoever calls this, with all of its files in a temp folder, until Ctrl-C.
# Each DEPLOY_TO is served on its PORT by nginx/site.conf; without any, the two hosts of the stage `local` are.
# Usage: sh serve.sh [DEPLOY_TO PORT]...

here=$(cd "$(dirname "$0")" && pwd -P) || exit 1
PATH=$PATH:/usr/sbin
fleet=$here/.clonedeploy/fleet
[ "$#" -gt 0 ] || set -- "$fleet/web-1/site" 8081 "$fleet/web-2/site" 8082
command -v nginx >/dev/null || { echo 'nginx is missing: apt-get install nginx-light' >&2; exit 1; }

run=$(mktemp -d) || exit 1
trap 'rm -rf "$run"' EXIT
trap 'kill "$nginx" 2>/dev/null' INT TERM HUP
{
  [ "$(id -u)" -ne 0 ] || echo 'user root;'
  echo "daemon off; pid $run/pid; error_log stderr;"
  echo 'events {}'
  echo 'http {'
  echo "types { text/html html; text/css css; text/javascript js; image/svg+xml svg; }"
  echo "access_log off;"
  for kind in client_body proxy fastcgi uwsgi scgi; do echo "${kind}_temp_path $run/$kind;"; done
  while [ "$#" -gt 1 ]; do
    sed -e "s|listen 80;|listen 127.0.0.1:$2;|" -e "s|/srv/site/current|\"$1/current\"|" "$here/nginx/site.conf"
    echo "http://127.0.0.1:$2  $1" >&2
    shift 2
  done
  echo '}'
} >"$run/nginx.conf"

nginx -p "$run" -c "$run/nginx.conf" -e stderr &
nginx=$!
wait "$nginx"
wait "$nginx"
