import { paths } from '../../release/paths.js'
import { asideFunction } from '../prepare/heal.js'
import { isCurrent } from '../read/same-current.js'
import { codes } from '../shell/codes.js'
import { type Claim, enter, fenced, sweepProbe } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'
import { endWorkFunction } from './end-processes.js'
import { linkFunctions, unfinishedFunctions } from './unfinished.js'

/** Seconds without a sign of life after which a lock may be taken over. */
export const lockLease = 60

export interface LockOptions {
  /** Whether a swap that a dead run left in doubt stops us. */
  readonly unresolved: 'refuse' | 'keep'
  /** Transaction of a holder that is known to be over, whatever its lease says: it is taken over from at once. */
  readonly over?: string | null
  /** What `current` pointed at when the plan was made (null: absent): another run that ended since makes the plan stale. */
  readonly old?: string | null
}

/**
 * Claims the next epoch: lock and fencing token in one `mkdir`. Exit: locked (prints the holder's record),
 * sameFolder (our own transaction is already here: two hosts share a folder; prints its record there, and the folder), unresolved (a dead run left a swap in doubt),
 * rename (no rename is possible in deployTo), currentChanged (another run came in between). Sweeps what dead runs left. Prints `took over` when it outlived a lease.
 */
export function lock(claim: Claim, holder: string, options: LockOptions): Script {
  return script('lock', [
    sh`[ -d ${claim.root} ] || ( umask 022; mkdir -p -- ${claim.root} ) || exit ${codes.folder}`,
    enter(claim.root),
    linkFunctions,
    unfinishedFunctions,
    endWorkFunction,
    asideFunction,
    sh`X=${paths.tx(claim.tx)}
over=
umask 077
set --; for d in epochs tx manifests incoming bad; do [ -d ".clonedeploy/$d" ] || set -- "$@" ".clonedeploy/$d"; done
[ "$#" = 0 ] || mkdir -p "$@" || exit ${codes.folder}
# Whoever makes an epoch writes who it is right after: we may see the one before the other.
named() { i=0; while [ ! -s ".clonedeploy/epochs/$1/tx" ] && [ "$i" -lt 2 ]; do sleep 1; i=$((i+1)); done; }
same() { cat ".clonedeploy/epochs/$1/holder"; pwd; exit ${codes.sameFolder}; }
highest
if [ "$h" -gt 0 ] && [ ! -e ".clonedeploy/epochs/$h/released" ]; then
  named "$h"
  t=; [ -f ".clonedeploy/epochs/$h/tx" ] && read -r t <".clonedeploy/epochs/$h/tx"
  [ "$t" = ${claim.tx} ] && same "$h"
  f=".clonedeploy/epochs/$h"; [ -f "$f/lease" ] && f="$f/lease"
  # Gone: another took over from the dead one, and sweeps.
  l=$(stat -c %Y "$f" 2>/dev/null) || { highest; named "$h"; cat ".clonedeploy/epochs/$h/holder" 2>/dev/null; exit ${codes.locked}; }
  age=$(( $(date +%s) - l ))
  alive() { [ "$t" != ${options.over ?? '-'} ] && [ "$age" -le ${lockLease} ] && [ "$age" -ge -${lockLease} ]; }
  needsrepair() { [ ${options.unresolved} = refuse ] && [ -e ".clonedeploy/epochs/$h/ended" ]; }
  if [ -e ".clonedeploy/epochs/$h/held" ] || alive || needsrepair; then
    cat ".clonedeploy/epochs/$h/holder" 2>/dev/null
    exit ${codes.locked}
  fi
  over='took over'
fi
for d in .clonedeploy/tx/*; do
  doubtful "$d" && { [ ${options.unresolved} = keep ] || exit ${codes.unresolved}; }
done
n=$((h+1))
if ! mkdir ".clonedeploy/epochs/$n" 2>/dev/null; then
  [ -d ".clonedeploy/epochs/$n" ] || exit ${codes.folder}
  named "$n"
  t=; [ -f ".clonedeploy/epochs/$n/tx" ] && read -r t <".clonedeploy/epochs/$n/tx"
  [ "$t" = ${claim.tx} ] && same "$n"
  cat ".clonedeploy/epochs/$n/holder" 2>/dev/null
  exit ${codes.locked}
fi
printf '%s\n' ${holder} >".clonedeploy/epochs/$n/holder" &&
: >".clonedeploy/epochs/$n/lease" &&
printf '%s\n' ${claim.tx} >".clonedeploy/epochs/$n/tx" &&
mkdir -p "$X/taken/incoming" || { rm -rf ".clonedeploy/epochs/$n" "$X"; exit ${codes.folder}; }
highest
[ "$h" -eq "$n" ] || { cat ".clonedeploy/epochs/$h/holder" 2>/dev/null; rm -rf ".clonedeploy/epochs/$n" "$X"; exit ${codes.locked}; }
# Gives the lock back, and ends.
giveback() { rm -rf "$X"; : >".clonedeploy/epochs/$n/released"; exit "$1"; }`,
    options.old === undefined ? sh`` : sh`${isCurrent(options.old)} || giveback ${codes.currentChanged}`,
    sh`for d in .clonedeploy/tx/*; do
  [ ! -e "$d/undecided" ] || calloff "$d"
  doubtful "$d" || continue
  [ ${options.unresolved} = keep ] || giveback ${codes.unresolved}
done
# What dead runs left goes by way of our own folder: whoever takes the lock over removes that first, and a script that was
# asleep meanwhile finds no place to bring anything to.
set --
for d in .clonedeploy/tx/*/; do
  d=\${d%/}
  [ "$d" = "$X" ] && continue
  asideback "$d"
  { doubtful "$d" || unserved "$d"; } && continue
  endwork "$d"
  if [ -f "$d/made" ]; then
    read -r r <"$d/made"
    ours "$r" && [ ! -e ".clonedeploy/manifests/$r.seal" ] && ! serves "$r" && [ -d "releases/$r" ] && set -- "$@" "releases/$r"
  fi
  set -- "$@" "$d"
done
# With them goes a link: whether renames out of this folder are possible shall be known before files come.
${sweepProbe}
[ ! -e .clonedeploy-probe ] && ln -s probe .clonedeploy-probe && mv -f -- .clonedeploy-probe "$@" "$X/taken/"
[ -L "$X/taken/.clonedeploy-probe" ] && [ ! -L .clonedeploy-probe ] || { ${sweepProbe}; giveback ${codes.rename}; }
set --
for d in .clonedeploy/incoming/*; do [ ! -e "$d" ] || set -- "$@" "$d"; done
[ "$#" = 0 ] || mv -f -- "$@" "$X/taken/incoming/"
set --
for e in .clonedeploy/epochs/*; do [ "\${e##*/}" -lt "$n" ] 2>/dev/null && set -- "$@" "$e"; done
rm -rf "$X/taken" "$@"
[ -z "$over" ] || echo "$over"
exit 0`,
  ])
}

/** The lock of a person: it has no lease and stays until it is given back. Exit as `lock`. */
export function hold(claim: Claim, holder: string): Script {
  const taken = lock(claim, holder, { unresolved: 'refuse' })
  return script('hold', [taken.text.replace(/exit 0$/, ''), sh`: >".clonedeploy/epochs/$n/held"`])
}

/** A sign of life of the holder, and of its armed or swapped transaction: touches need no space. */
export function renew(claim: Claim): Script {
  return script('renew', [
    fenced(claim),
    sh`set -- ".clonedeploy/epochs/$h/lease"
[ ! -e "$X/lease" ] || set -- "$@" "$X/lease"
touch "$@" || exit 1`,
  ])
}

/** Gives the lock back. Done already, or somebody else's by now: fine, nothing is touched. */
export function unlock(claim: Claim): Script {
  return script('unlock', [
    fenced(claim),
    sweepProbe,
    sh`rmdir "$X" 2>/dev/null
umask 077; : >".clonedeploy/epochs/$h/released"`,
  ])
}

/** Takes a lock away from the holder whose transaction was seen; a newer holder keeps it (exit fenced). */
export function breakLock(claim: Claim): Script {
  return script('break lock', [
    fenced(claim),
    linkFunctions,
    sweepProbe,
    sh`calloff "$X"
took "$X" && [ -e "$X/undecided" ] && exit ${codes.unresolved}
rmdir "$X" 2>/dev/null
umask 077; : >".clonedeploy/epochs/$h/released"`,
  ])
}

/** Says in the lock that its run is over and left what only a repair ends: nobody has to wait for its lease. */
export function endLock(claim: Claim, why: string): Script {
  return script('end lock', [fenced(claim), sh`umask 077; printf '%s\n' ${why} >".clonedeploy/epochs/$h/ended"`])
}
