import { paths, transactionName } from '../../release/paths.js'
import { codes } from './codes.js'
import { type ShellText, sh } from './shell.js'

/** Where a script works: `deployTo` as an absolute path, and the transaction that it works for. */
export interface Claim {
  readonly root: string
  readonly tx: string
  /** The dead transaction whose folder is meant, when a repair works on what another run left; the fence is still `tx`'s. */
  readonly of?: string
}

/** Sets $h to the highest epoch. What is no number of ours (008, or 19 digits) would end the shell's arithmetic: it is none. */
export const highestEpoch = sh`h=0; for e in .clonedeploy/epochs/*; do e=\${e##*/}; case $e in 0*|*[!0-9]*|??????????*) ;; *) [ "$e" -gt "$h" ] && h=$e ;; esac; done`

/**
 * Goes to `deployTo`; every path after it is relative. `highest` sets $h to the epoch; `serves ID`: whether `current` leads into a release; `ours NAME`: whether it names a release that clonedeploy unpacked, and nothing else.
 * Our own tools speak C; a user's command gets the login's locale back.
 */
export function enter(root: string): ShellText {
  return sh`umask 022
unset CDPATH
clonedeploy_locale=\${LC_ALL-}; LC_ALL=C; export LC_ALL
cd -- ${root} || exit ${codes.folder}
highest() { ${highestEpoch}; }
ours() { case $1 in ''|[.-]*|*[!A-Za-z0-9._-]*) return 1 ;; esac; [ -f ".clonedeploy/manifests/$1" ] && [ ! -L "releases/$1" ]; }
serves() { case "$(cd current 2>/dev/null && pwd -P)/" in "$(pwd -P)/releases/$1/"*) return 0 ;; esac; return 1; }`
}

/**
 * Goes to `deployTo` and stops unless this transaction holds the highest epoch: a controller that lost its lock
 * can change nothing. `$X` is the folder of the transaction, or of the dead one that it ends. `before`: what is read in
 * `deployTo` before that is asked, so that nothing of a later run is in it.
 */
export function fenced(claim: Claim, before: ShellText = sh``): ShellText {
  return sh`${atEpoch(claim, before)}
[ "$t" = ${transactionName(claim.tx)} ] && [ ! -e ".clonedeploy/epochs/$h/released" ] || exit ${codes.fenced}`
}

/** The same for what may have been done before, and its answer lost: done already, by the sign of `done`, it ends well. */
export function fencedOnce(claim: Claim, done: ShellText): ShellText {
  return sh`${atEpoch(claim)}
[ "$t" = ${claim.tx} ] || exit ${codes.fenced}
if [ -e ".clonedeploy/epochs/$h/released" ]; then ${done} && exit 0; exit ${codes.fenced}; fi`
}

function atEpoch(claim: Claim, before: ShellText = sh``): ShellText {
  return sh`${enter(claim.root)}
${before}X=${paths.tx(claim.of ?? claim.tx)}
highest
t=; [ -f ".clonedeploy/epochs/$h/tx" ] && read -r t <".clonedeploy/epochs/$h/tx"`
}

/** What `lock` tries a rename with, where a host died between that and its removal. */
export const sweepProbe = sh`[ ! -L .clonedeploy-probe ] || rm -f .clonedeploy-probe`
