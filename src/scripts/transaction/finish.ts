import { paths, releaseName } from '../../release/paths.js'
import { asideFunction } from '../prepare/heal.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced, fencedOnce, flush, sweepProbe } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'
import { endWorkFunction } from './end-work.js'
import { linkFunctions } from './unfinished.js'

/** Throws away what was made before any swap, and gives the lock back. The old release and `current` are not touched. */
export function discard(claim: Claim): Script {
  return script('discard', [
    fenced(claim),
    endWorkFunction,
    linkFunctions,
    asideFunction,
    sweepProbe,
    sh`endwork "$X"
asideback "$X"
calloff "$X"
took "$X" && [ -e "$X/undecided" ] && exit ${codes.unresolved}
if [ -f "$X/made" ]; then
  read -r r <"$X/made"
  if ours "$r" && ! serves "$r"; then
    m=".clonedeploy/manifests/$r"
    rm -rf "releases/$r" "$m" "$m.seal" "$m.sheet" "$m.sealed" "$m.run" "$m.confirmed"
  fi
fi
rm -rf "$X"
rm -rf ${paths.incoming(claim.tx)}
umask 077; : >".clonedeploy/epochs/$h/released"`,
  ])
}

/** From here on an earlier release that this transaction has made, and the fleet once confirmed, is not thrown away with it, nor lost with the power. */
export function keep(claim: Claim, release: string): Script {
  return script('keep', [
    fenced(claim),
    sh`( umask 077; : >${paths.confirmed(release)} ) || exit 1`,
    flush,
    sh`rm -f "$X/made"`,
  ])
}

interface Finish {
  /** The fleet's record and the line of history, JSON texts of one line. */
  readonly fleet: string
  readonly history: string
}

/** Records the end of a confirmed transaction and gives the lock back. Asked for again when that was done, it does nothing. */
export function finish(claim: Claim, what: Finish): Script {
  return script('finish', [
    fencedOnce(claim, sh`[ -d "$X" ] && [ ! -e "$X/stage" ]`),
    sh`umask 077
f=; [ ! -f ${paths.fleet} ] || IFS= read -r f <${paths.fleet}
[ "$f" = ${what.fleet} ] || { printf '%s\n' ${what.fleet} >"$X/fleet" && mv -f "$X/fleet" ${paths.fleet}; } || exit 1
printf '%s\n' ${what.history} >>${paths.history} || exit 1
rm -rf "$X/stage" "$X/restart"
: >".clonedeploy/epochs/$h/released"`,
  ])
}

/** Keeps another record of the fleet; what is served and the lock stay as they are. */
export function recordFleet(claim: Claim, fleet: string): Script {
  return script('record', [
    fenced(claim),
    sh`umask 077
printf '%s\n' ${fleet} >"$X/fleet" && mv -f "$X/fleet" ${paths.fleet} || exit 1`,
    flush,
  ])
}

/** Ends a transaction that was put back: the release is kept and marked bad with its reason; the lock is given back. */
export function abandon(
  claim: Claim,
  what: { readonly release: string; readonly bad: string | null; readonly history: string },
): Script {
  return script('abandon', [
    fenced(claim),
    what.bad === null
      ? sh`umask 077`
      : sh`umask 077; printf '%s\n' ${what.bad} >"$X/bad" && mv -f "$X/bad" ${paths.bad(what.release)}`,
    sh`printf '%s\n' ${what.history} >>${paths.history}
rm -rf "$X/stage" "$X/restart"
: >".clonedeploy/epochs/$h/released"`,
  ])
}

/** Marks a release bad that stays served because somebody wanted it so. */
export function blame(claim: Claim, release: string, why: string): Script {
  return script('blame', [
    fenced(claim),
    sh`umask 077; printf '%s\n' ${why} >"$X/bad" && mv -f "$X/bad" ${paths.bad(release)}`,
  ])
}

/** Removes releases, but never `current`, one of an open transaction, or one that a process lives in. Prints `removed ID` or `in use ID`; fails where one could not be removed. */
export function prune(claim: Claim, releases: readonly string[]): Script {
  return script('prune', [
    fenced(claim),
    sh`here=$(pwd -P); now=$(cd current 2>/dev/null && pwd -P)
used=$(ls -l /proc/[0-9]*/cwd /proc/[0-9]*/exe /proc/[0-9]*/fd 2>/dev/null)
set --
for r in ${releases.map(releaseName)}; do
  [ -d "releases/$r" ] || continue
  case "$now/" in "$here/releases/$r/"*) continue ;; esac
  for u in .clonedeploy/tx/*/undecided; do
    [ -e "$u" ] || continue
    n=; o=; read -r n <"\${u%/*}/next"; read -r o <"\${u%/*}/old"
    { [ "$n" = "$r" ] || [ "\${o##*/}" = "$r" ]; } && continue 2
  done
  case "$used
" in
    *"$here/releases/$r"[/\ ]*|*"$here/releases/$r
"*) echo "in use $r"; continue ;;
  esac
  set -- "$@" "$r"
done
[ "$#" -gt 0 ] || exit 0
# By way of our own folder, as lock does it.
mkdir "$X/taken" "$X/taken/manifests" "$X/taken/bad" || exit 1
all=$*
set --; for r in $all; do set -- "$@" "releases/$r"; done
mv -f -- "$@" "$X/taken/"
set --; left=
for r in $all; do
  [ ! -e "releases/$r" ] || { left=$r; continue; }
  echo "removed $r"
  m=".clonedeploy/manifests/$r"
  for f in "$m" "$m.seal" "$m.sheet" "$m.sealed" "$m.run" "$m.confirmed"; do [ ! -e "$f" ] || set -- "$@" "$f"; done
done
[ "$#" = 0 ] || mv -f -- "$@" "$X/taken/manifests/"
set --
for r in $all; do [ -e "releases/$r" ] || [ ! -e ".clonedeploy/bad/$r" ] || set -- "$@" ".clonedeploy/bad/$r"; done
[ "$#" = 0 ] || mv -f -- "$@" "$X/taken/bad/"
rm -rf "$X/taken" && [ -z "$left" ]`,
  ])
}
