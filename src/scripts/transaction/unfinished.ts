import type { ShellText } from '../shell/shell.js'
import { sh } from '../shell/shell.js'
import { wayFunctions } from './way.js'

/**
 * What a dead run can leave in its folder `$1`, told by two functions. `doubtful`: swapped, and never decided; or decided
 * to go back, and died before the link was back. `unserved`: the link is back, and nobody saw the restart come to its end.
 */
export const unfinishedFunctions: ShellText = sh`${wayFunctions}
doubtful() {
  took "$1" || return 1
  [ ! -e "$1/undecided" ] || return 0
  [ -e "$1/outcome.reverted" ] && [ -d "$1/stage" ] || return 1
  r=; read -r r <"$1/next"; o=; IFS= read -r o <"$1/old"
  [ "$o" != "releases/$r" ] && [ "$(readlink current)" = "releases/$r" ]
}
unserved() {
  took "$1" && [ -e "$1/outcome.reverted" ] && [ -s "$1/restart" ] && [ -s "$1/old" ] || return 1
  [ "$(readlink current)" = "$(cat "$1/old")" ]
}`
