#!/bin/sh
# Makes the app serve the release that this script lies in: stops the old process, starts a new one, waits until it
# says that it listens, by writing its process id to the file $PID_FILE (see server.js). Plain POSIX sh.

release=$(cd "$(dirname "$0")/.." && pwd -P) || exit 1
root=$(dirname "$(dirname "$release")") # deployTo: the release is deployTo/releases/ID
pid_file=$root/shared/app.pid
log=$root/shared/app.log

main() {
  mkdir -p "$root/shared" || exit 1
  stop "$(cat "$pid_file" 2>/dev/null)" || fail "the old process does not stop"
  rm -f "$pid_file"
  start
  wait_until_it_listens
}

stop() {
  tries=0
  while ours "$1"; do
    [ "$tries" -eq 0 ] && kill "$1"
    [ "$tries" -eq 30 ] && kill -9 "$1"
    [ "$tries" -eq 50 ] && return 1
    tries=$((tries + 1))
    pause
  done
}

# A pid file may be old, and its number somebody else's by now: ours is a process that was started from our releases.
ours() {
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  if [ -r "/proc/$1/cmdline" ]; then
    line=$(tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null)
  else
    line=$(ps -o args= -p "$1" 2>/dev/null)
  fi
  case $line in *"$root"/releases/*) return 0 ;; esac
  return 1
}

# In a session of its own and with nothing of ours open, or it would end with the ssh session, or hold it.
start() {
  cd "$release" || exit 1
  if command -v setsid >/dev/null; then away=setsid; else away=nohup; fi
  PID_FILE=$pid_file $away node "$release/server.js" </dev/null >"$log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  pid=$!
}

wait_until_it_listens() {
  tries=0
  until [ "$(cat "$pid_file" 2>/dev/null)" = "$pid" ]; do
    kill -0 "$pid" 2>/dev/null || fail "the app ended while it started"
    [ "$tries" -eq 100 ] && kill -9 "$pid" && fail "the app did not write $PID_FILE within 10 seconds: it should when it listens"
    tries=$((tries + 1))
    pause
  done
}

fail() {
  echo "$1" >&2
  tail -n 20 "$log" >&2
  exit 1
}

pause() {
  sleep 0.1 2>/dev/null || sleep 1
}

main
