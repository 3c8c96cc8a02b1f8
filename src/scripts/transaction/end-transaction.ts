import { paths } from '../../release/paths.js'
import { asideFunction } from '../prepare/heal.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced, fencedOnce, sweepProbe } from '../shell/fence.js'
import { flush } from '../shell/flush.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'
import { endWorkFunction } from './end-processes.js'
import { linkFunctions } from './unfinished.js'

/** Throws away what was made before any swap, and gives the lock back. The old release and `current` are not touched; nor is one whose processes were not ended. */
export function discard(claim: Claim): Script {
  return script('discard', [
    fenced(claim),
    endWorkFunction,
    linkFunctions,
    asideFunction,
    sweepProbe,
    sh`true 2>/dev/null >"$X/calledoff"
endwork "$X"
asideback "$X"
calloff "$X"
took "$X" && [ -e "$X/undecided" ] && exit ${codes.unresolved}
# No release gets its place from here on: its name is on record already or cannot be, and where it would come from is gone.
mkdir "$X/made" 2>/dev/null
rm -rf ${paths.incoming(claim.tx)}
if [ -f "$X/made" ]; then
  read -r r <"$X/made"
  w=; [ ! -f ${paths.warm} ] || read -r w <${paths.warm}
  if ours "$r" && ! serves "$r" && [ "$w" != "$r" ]; then
    m=".clonedeploy/manifests/$r"
    rm -rf "releases/$r" "$m" "$m.seal" "$m.sheet" "$m.sealed" "$m.run" "$m.confirmed"
  fi
fi
# A hook that comes late may just have put itself on record.
rm -rf "$X" || rm -rf "$X"
umask 077; : >".clonedeploy/epochs/$h/released"`,
  ])
}

/** From here on an earlier release that this transaction has made, and the fleet once confirmed, is not thrown away with it, nor lost with the power. */
export function keep(claim: Claim, release: string): Script {
  return script('keep', [
    fenced(claim),
    sh`( umask 077; : >${paths.confirmed(release)} ) || exit 1`,
    flush(paths.manifests),
    sh`rm -f "$X/made"`,
  ])
}

interface Finish {
  /** The fleet's record (null: it stays as it is) and the line of history, JSON texts of one line. */
  readonly fleet: string | null
  readonly history: string
}

/** Records the end of a confirmed transaction and gives the lock back. Asked for again when that was done, it does nothing. */
export function finish(claim: Claim, what: Finish): Script {
  return script('finish', [
    fencedOnce(claim, sh`[ -d "$X" ] && [ ! -e "$X/stage" ]`),
    sh`umask 077
${what.fleet === null ? sh`:` : keptFleet(what.fleet)}
printf '%s\n' ${what.history} >>${paths.history} || exit 1
rm -rf "$X/stage" "$X/restart" "$X/switch"
: >".clonedeploy/epochs/$h/released"`,
  ])
}

function keptFleet(fleet: string): ShellText {
  return sh`f=; [ ! -f ${paths.fleet} ] || IFS= read -r f <${paths.fleet}
[ "$f" = ${fleet} ] || { printf '%s\n' ${fleet} >"$X/fleet" && mv -f "$X/fleet" ${paths.fleet}; } || exit 1`
}

/** Keeps another record of the fleet; what is served and the lock stay as they are. */
export function recordFleet(claim: Claim, fleet: string): Script {
  return script('record', [
    fenced(claim),
    sh`umask 077
printf '%s\n' ${fleet} >"$X/fleet" && mv -f "$X/fleet" ${paths.fleet} || exit 1`,
    flush(paths.fleet, paths.records),
  ])
}
