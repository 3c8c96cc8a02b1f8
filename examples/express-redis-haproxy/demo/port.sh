#!/bin/sh
# Starts or ends the app on one of a host's two ports: what a systemd unit for each port does on a server. Run in a release.

release=$(pwd -P)
root=${release%/releases/*}
file=$root/shared/pid-$CLONEDEPLOY_PORT
pid=
{ read -r pid <"$file"; } 2>/dev/null

runs() {
  args=
  { IFS= read -r args <"/proc/$pid/cmdline"; } 2>/dev/null # without the NULs between the words
  case $args in *"$root"*) ;; *) return 1 ;; esac
}

case $1 in
  start)
    runs && exit
    set -a
    . "$root/shared/app.env"
    PORT=$CLONEDEPLOY_PORT
    setsid node "$release/server.js" </dev/null >>"$root/shared/app.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
    echo $! >"$file"
    ;;
  stop)
    runs || exit 0
    kill "$pid"
    while runs; do sleep 0.05; done
    ;;
esac
