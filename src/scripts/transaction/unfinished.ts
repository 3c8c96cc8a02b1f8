import { type ShellText, sh } from '../shell/shell.js'

/** Whether the transaction in `$1` swapped. */
export const tookFunction: ShellText = sh`took() {
  [ -e "$1/state.swapped" ] || { [ -e "$1/state.armed" ] && [ ! -L "$1/stage/go/current" ] && [ ! -L "$1/stage/aside" ]; }
}`

/**
 * The way forward of a transaction (its folder is `$1`) is one link that can be renamed once: onto `current`, which is the
 * swap, or aside by whoever calls the swap off. Who comes second finds nothing. `took`: it swapped. `calloff`: it never will.
 * The way back is one link, too, and a file (`serve`) while it may be restarted by itself. `backaside`: nobody goes back by
 * it any more, nor begins to restart, unless a repair takes it up by `backagain`.
 */
export const linkFunctions: ShellText = sh`${tookFunction}
calloff() {
  [ -L "$1/stage/aside" ] || mv -f "$1/stage/go/current" "$1/stage/aside" 2>/dev/null || return 0
  for y in staged armed; do mv -f "$1/state.$y" "$1/state.disarmed" 2>/dev/null; done
  return 0
}
backaside() {
  [ -d "$1/stage/revert" ] || return 0
  for y in current absent serve; do mv -f "$1/stage/revert/$y" "$1/stage/revert/aside.$y" 2>/dev/null; done
  return 0
}
backagain() {
  for y in current absent serve; do mv -f "$1/stage/revert/aside.$y" "$1/stage/revert/$y" 2>/dev/null; done
  return 0
}`

/**
 * What a dead run can leave in its folder `$1`; with `took`. `wayback`: its way back was not gone yet, wherever it is. `doubtful`:
 * swapped, and never decided; or decided to go back, and died before the link was back. `unserved`: the link is back, and nobody saw the restart come to its end.
 */
export const unfinishedFunctions: ShellText = sh`wayback() {
  for y in current absent aside.current aside.absent; do
    [ ! -L "$1/stage/revert/$y" ] && [ ! -e "$1/stage/revert/$y" ] || return 0
  done
  return 1
}
doubtful() {
  took "$1" || return 1
  [ ! -e "$1/undecided" ] || return 0
  [ -e "$1/outcome.reverted" ] && wayback "$1" || return 1
  r=; read -r r <"$1/next"; o=; IFS= read -r o <"$1/old"
  [ "$o" != "releases/$r" ] && [ "$(readlink current)" = "releases/$r" ]
}
unserved() {
  took "$1" && [ -e "$1/outcome.reverted" ] && [ -s "$1/restart" ] && [ -s "$1/old" ] || return 1
  [ "$(readlink current)" = "$(cat "$1/old")" ]
}`
