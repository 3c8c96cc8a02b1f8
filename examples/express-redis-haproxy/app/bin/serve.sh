#!/bin/sh
# Gives serve.js an order, and waits until it is carried out; starts serve.js where it does not run. Exit code 0 means: done.
#   warm     starts workers of a release beside those that have the traffic      ready    asks whether they can answer
#   switch   gives them the traffic, and starts them first if they do not run     cool     ends the workers of all other releases
#   reload   all of it at once, for `restart: 'sh bin/serve.sh reload'`
# Run or sourced in a release. Plain POSIX sh, and no program is started where serve.js runs: for as long as the slowest host needs for
# that, users meet two releases.

cd -P . || exit 1 # a release: deployTo/releases/ID
here=$PWD
root=${here%/releases/*}
shared=$root/shared
release=$CLONEDEPLOY_RELEASE

main() {
  pid=
  { read -r pid <"$shared/pid"; } 2>/dev/null
  case $1 in
    warm) ours "$pid" || start; order warm ;;
    ready) ours "$pid" || fail 'serve.js does not run'; order ready ;;
    switch) ours "$pid" || start; if [ "$CLONEDEPLOY_RESTART" = 1 ]; then order reload; else order switch; fi ;;
    cool) if ours "$pid"; then order cool; fi ;;
    reload) ours "$pid" || start; order reload; order cool ;;
    *) fail "what is $1?" ;;
  esac
}

# A pid file may be old, and its number somebody else's by now.
ours() {
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  args=
  { IFS= read -r args <"/proc/$1/cmdline"; } 2>/dev/null # without the NULs between the words
  case $args in *"/serve.js$root") return 0 ;; esac
  return 1
}

# In a session of its own and with nothing of ours open, or it would end with the ssh session, or hold it.
start() {
  cd "$root" || exit 1
  rm -f "$shared/pid" "$shared/orders" "$shared/answers"
  mkfifo -m 600 "$shared/orders" "$shared/answers" || exit 1
  setsid node "releases/${here##*/}/serve.js" "$root" </dev/null >>"$shared/app.log" 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  tries=0
  until [ -s "$shared/pid" ]; do
    [ "$tries" -lt 600 ] || fail 'serve.js does not start'
    tries=$((tries + 1))
    sleep 0.1 2>/dev/null || sleep 1
  done
  read -r pid <"$shared/pid"
}

# Waits in the shell itself: a `sleep` would take the processor from serve.js before it has given the traffic.
order() {
  number=$$-$1
  answer=
  echo "$number $1 ${release:-none}" >"$shared/orders"
  while read -r answer; do
    case $answer in "$number "*) break ;; esac # others are of orders that were given up
  done <"$shared/answers"
  [ "$answer" = "$number done" ] || fail "${answer:-serve.js has ended}"
}

fail() {
  echo "$1" >&2
  tail -n 20 "$shared/app.log" >&2
  exit 1
}

main "$@"
