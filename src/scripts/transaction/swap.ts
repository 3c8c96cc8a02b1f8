import { paths } from '../../release/paths.js'
import { sameCurrent } from '../read/same-current.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { flush } from '../shell/flush.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'
import { type Patience, restoreFunction, secondWatcher, watcher } from './dead-mans-switch.js'

interface Arm extends Patience {
  readonly release: string
  readonly old: string | null
}

/**
 * Starts the dead-man's switch, prints `armed`, answers a `ping` with `here`, waits for `go TX`, swaps by one rename and
 * prints `renamed`, `swapped TARGET` and, when the disk has it, `flushed`. Between the word and the rename one program
 * starts: a shell forked beforehand reads the word, compares the times of files (its own clock, and no program) and becomes
 * the `mv`; where the link was renamed already (by SFTP), the word only makes it known, and so does the end of our line. A late
 * `go` is refused there, and finds no link: the switch takes it away at the deadline, by the clock and by
 * its sleeps, whoever calls the swap off before. What was renamed later all the same (the change time of the link; a host
 * that froze as a whole) it puts back at its next look. Exit: late, rename, unpack (the times could not be written).
 * When our end of the line is lost after the swap, the waiting shell is a second switch beside the first. Both end when the
 * links are laid again: what is undecided then is another attempt, with switches of its own.
 */
export function arm(claim: Claim, what: Arm): Script {
  return script('arm', [
    fenced(claim),
    restoreFunction(sh`${paths.release(what.release)}`),
    sameCurrent(what.old),
    sh`mv -f "$X/state.staged" "$X/state.armed" || exit ${codes.late}
k=${what.deadline}
: >"$X/told" && b=$(stat -c %Y "$X/told") && touch -d "@$((b-1))" "$X/early" && touch -d "@$((b+k))" "$X/late" || exit ${codes.unpack}
${watcher(what)}
trap '' HUP INT TERM PIPE
echo armed
( IFS= read -r line
  [ "$line" != ping ] || { echo here; IFS= read -r line; }
  [ -n "$line" ] || ! took "$X" || exit 0
  [ "$line" = ${`go ${claim.tx}`} ] && ! late "$X/told" || exit ${codes.late}
  took "$X" || exec mv -f "$X/stage/go/current" ./ )
c=$?
if [ "$c" != 0 ]; then
  [ "$c" != ${codes.late} ] && [ -L "$X/stage/go/current" ] && c=${codes.rename} || c=${codes.late}
  calloff "$X"
  exit "$c"
fi
echo renamed
mv -f "$X/state.armed" "$X/state.swapped"
printf 'swapped %s\n' "$(readlink current)"`,
    flush(sh`. "$X" "$X/stage/go"`),
    sh`echo flushed
IFS= read -r line && exit 0
${secondWatcher(what)}`,
  ])
}

/**
 * Puts `current` back to what it was, whatever came before; the same on any repetition. Prints what `current` is then:
 * `current TARGET` or `absent`. Exit: decided (the host was confirmed), fenced.
 */
export function restore(claim: Claim, release: string): Script {
  return script('restore', [
    fenced(claim),
    restoreFunction(sh`${paths.release(release)}`),
    sh`endwork "$X"
calloff "$X"`,
    // A run whose own way back was set aside has been overtaken while it slept.
    claim.of === undefined ? sh`` : sh`backagain "$X"`,
    sh`[ ! -e "$X/undecided" ] || mv -f "$X/undecided" "$X/outcome.reverted" 2>/dev/null
[ ! -e "$X/outcome.confirmed" ] || exit ${codes.decided}
back || exit ${codes.rename}
markbad`,
    flush(sh`. "$X" "$X/stage"/*/ "$X/stage"`, paths.marks),
    readBack,
  ])
}

/** Records that the old release is served again: what the dead-man's switch would run for it is not owed any more. */
export function serve(claim: Claim): Script {
  return script('serve', [fenced(claim), sh`rm -f "$X/restart"`])
}

/** Reads what is true now: `current TARGET` or `absent`, the transaction's state and its outcome. Changes nothing. */
export function look(root: string, tx: string): Script {
  return script('look', [
    sh`cd -- ${root} || exit ${codes.folder}`,
    readBack,
    sh`for s in ${paths.tx(tx)}/state.* ${paths.tx(tx)}/outcome.*; do [ -e "$s" ] && echo "\${s##*/}"; done; exit 0`,
  ])
}

/**
 * Decides for the new release on this host, once and for all, and keeps the fleet's record (JSON, one line) at once: a
 * controller that dies before `finish` leaves no fleet that is taken for one that fell behind.
 * Exit: decided (the host had put itself back), currentChanged.
 */
export function confirm(claim: Claim, release: string, fleet: string | null = null): Script {
  return script('confirm', [
    fenced(claim),
    sh`[ "$(readlink current)" = ${paths.release(release)} ] || [ -e "$X/outcome.reverted" ] || exit ${codes.currentChanged}
mv -f "$X/undecided" "$X/outcome.confirmed" 2>/dev/null || [ -e "$X/outcome.confirmed" ] || exit ${codes.decided}`,
    markConfirmed(release),
    fleet === null
      ? sh``
      : sh`umask 077; { printf '%s\n' ${fleet} >"$X/fleet" && mv -f "$X/fleet" ${paths.fleet}; } 2>/dev/null`,
    flush(sh`"$X"`, paths.manifests, paths.marks, ...(fleet === null ? [] : [paths.fleet, paths.records])),
  ])
}

const readBack = sh`if [ -L current ]; then printf 'current %s\n' "$(readlink current)"; elif [ -e current ]; then echo other; else echo absent; fi`

/** What the fleet confirmed can be rolled back to, whatever was said of it before. A full disk keeps nobody from confirming. */
function markConfirmed(release: string): ShellText {
  return sh`( umask 077; true >${paths.confirmed(release)} ) 2>/dev/null
[ ! -e ${paths.bad(release)} ] || rm -f ${paths.bad(release)}`
}
