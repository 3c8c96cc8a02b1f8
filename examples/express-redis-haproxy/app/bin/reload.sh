#!/bin/sh
# Makes the app serve the release that `current` leads to, without a moment in which nobody answers: tells serve.js so, and
# starts it where it does not run. Exit code 0 means that the release is served. Plain POSIX sh.

release=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
root=$(dirname "$(dirname "$release")") # deployTo: the release is deployTo/releases/ID
shared=$root/shared

main() {
  rm -f "$shared/serving"
  pid=$(cat "$shared/pid" 2>/dev/null)
  if ours "$pid"; then kill -HUP "$pid"; else start; fi
  wait_until_it_is_served
}

# A pid file may be old, and its number somebody else's by now.
ours() {
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  case $(ps -o args= -p "$1" 2>/dev/null) in *serve.js\ "$root") return 0 ;; esac
  return 1
}

# In a session of its own and with nothing of ours open, or it would end with the ssh session, or hold it.
start() {
  cd "$root" || exit 1
  setsid node current/serve.js "$root" </dev/null >>"$shared/app.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  pid=$!
}

wait_until_it_is_served() {
  tries=0
  until [ -s "$shared/serving" ]; do
    kill -0 "$pid" 2>/dev/null || fail 'serve.js has ended'
    [ "$tries" -lt 400 ] || fail 'no answer from serve.js'
    tries=$((tries + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  answer=$(cat "$shared/serving")
  [ "$answer" = "${release##*/}" ] || fail "$answer"
}

fail() {
  echo "$1" >&2
  tail -n 20 "$shared/app.log" >&2
  exit 1
}

main
