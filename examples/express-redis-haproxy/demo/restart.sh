#!/bin/sh
# The plain way, for comparison: ends the app as it is, and starts it again.

release=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
root=$(dirname "$(dirname "$release")")

pid=$(cat "$root/shared/pid")
kill "$pid"
while ps -o args= -p "$pid" | grep -q "$root"; do sleep 0.05; done
set -a
. "$root/shared/app.env"
cd "$release" || exit 1
setsid node "$release/server.js" </dev/null >>"$root/shared/app.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
echo $! >"$root/shared/pid"
