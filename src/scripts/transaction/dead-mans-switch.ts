import { flush } from '../shell/flush.js'
import { type ShellText, sh } from '../shell/shell.js'
import { endWorkFunction } from './end-processes.js'
import { linkFunctions } from './unfinished.js'

/** How long a host waits for its controller. */
export interface Patience {
  /** Seconds for which `go` is accepted. */
  readonly deadline: number
  /** Seconds without a renewed lease after which the host puts itself back. */
  readonly lease: number
}

/** Starts the dead-man's switch; `watched`: whether this attempt is still undecided; `late FILE`: whether the deadline has passed. */
export function watcher({ lease }: Patience): ShellText {
  return sh`laid=; read -r laid <"$X/laid"
watched() { w=$laid; read -r w <"$X/laid"; [ "$w" = "$laid" ] && [ -e "$X/undecided" ]; }
late() { true >"$1" || return 0; [ "$1" -nt "$X/late" ] || [ "$X/early" -nt "$1" ]; }
( trap '' HUP INT TERM PIPE
  d=0; n=0; m=0; seen=
  while sleep 1; watched && [ ! -e "$X/state.disarmed" ]; do
    if [ -L "$X/stage/go/current" ]; then
      d=$((d+1))
      [ "$d" -lt "$k" ] && ! late "$X/tick" || calloff "$X"
    else
      [ "$m" = 1 ] || { m=1; z=$(stat -c %Z current) && [ "$z" -gt "$((b+k))" ] && putback; }
      n=$((n+1)); l=$(stat -c %Y "$X/lease") && [ "$l" != "$seen" ] && seen=$l n=0
      [ "$n" -lt ${lease} ] || putback
    fi
  done
) </dev/null >/dev/null 2>&1 &`
}

/** The switch of the shell that swapped, for when its controller is gone. */
export function secondWatcher({ lease }: Patience): ShellText {
  return sh`# A renewal that was on its way when our end was lost is no sign of life yet: only a lease without any tells.
while watched; do
  seen=$(stat -c %Y "$X/lease"); sleep ${lease}
  [ "$(stat -c %Y "$X/lease")" != "$seen" ] || ! watched || putback
done`
}

/** `back`: takes the way forward away, then one rename of the link that was made beforehand. `markbad`: what a deploy brought and nobody confirmed is bad. `putback`: decide for the old release, go back, serve it; the restart stays until it was seen to succeed. `went`: what the swap made of `current`. */
export function restoreFunction(went: ShellText): ShellText {
  return sh`${linkFunctions}
${endWorkFunction}
back() {
  calloff "$X"
  [ "$(readlink current)" = ${went} ] || return 0
  if [ -L "$X/stage/revert/current" ]; then mv -f "$X/stage/revert/current" ./
  elif [ -e "$X/stage/revert/absent" ]; then rm -f current
  fi
}
markbad() {
  n=; [ ! -s "$X/bad" ] || read -r n <"$X/next"
  [ -z "$n" ] || mv -f "$X/bad" ".clonedeploy/bad/$n" 2>/dev/null
  return 0
}
putback() {
  mv -f "$X/undecided" "$X/outcome.reverted" 2>/dev/null || return 0
  goback
}
goback() {
  back; ${flush(sh`. "$X" "$X/stage"/*/ "$X/stage"`)}
  # Another run has set this way back aside: what is served is its affair.
  [ "$(readlink current)" != ${went} ] || return 0
  markbad
  endwork "$X"
  ( trap - HUP INT TERM PIPE; exec sh "$X/restart" ) </dev/null >"$X/log" 2>&1 && rm -f "$X/restart"
}`
}
