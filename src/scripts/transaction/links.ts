import { paths, releaseName } from '../../release/paths.js'
import { sameCurrent } from '../read/same-current.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { crowdedFunction, flush, flushAll } from '../shell/flush.js'
import { type Script, script, sh } from '../shell/shell.js'
import { endWorkFunction } from './end-processes.js'
import { linkFunctions } from './unfinished.js'

/**
 * Everything that swap and restore will need is made now, so that neither needs space or inodes later: both links, the
 * transaction's state (one file that is renamed: staged → armed → swapped, or disarmed), the files whose times tell the
 * deadline, and the outcome register (`undecided`, renamed once to outcome.confirmed or outcome.reverted: exactly one
 * rename can win). `laid` gets a dot each time: what watched over an earlier attempt of this transaction leaves this one alone.
 * `bad`: how the release is marked when it is put back. All of it is on the disk before a swap can be: without power in
 * between, a host would serve the new release and know no way back.
 * Every earlier way back is set aside first: a switch that slept since it decided would put its old release under this one,
 * and a restart of it that still goes on would start it, unless what is served stays. They are listed before the fence is asked: the
 * way back of a run that took over while this one slept is not among them. Exit: busy (that could not be ended), releaseMissing, currentChanged.
 * stdin: the script that makes the app serve `current` again, for the dead-man's switch.
 */
export function layLinks(
  claim: Claim,
  release: string,
  old: string | null,
  restart: Uint8Array,
  bad: string | null = null,
): Script {
  const stays = old === paths.release(release)
  return script(
    'stage',
    [
      fenced(claim, sh`set -- .clonedeploy/tx/*; `),
      linkFunctions,
      endWorkFunction,
      sh`umask 077
[ -d ${paths.release(release)} ] || exit ${codes.releaseMissing}
for d; do backaside "$d"; ${stays ? sh`` : sh`endwork "$d" || exit ${codes.busy}; `}done`,
      sameCurrent(old),
      sh`[ ! -e "$X/stage" ] || rm -rf "$X/stage" "$X"/state.* "$X"/outcome.*
mkdir -p "$X/stage/go" "$X/stage/revert" && printf . >>"$X/laid" && ln -s -- ${paths.release(release)} "$X/stage/go/current" || exit ${codes.unpack}`,
      old === null
        ? sh`: >"$X/stage/revert/absent"`
        : sh`ln -s -- ${old} "$X/stage/revert/current" || exit ${codes.unpack}`,
      sh`# A shell may still read the script of an earlier attempt.
f=restart; [ ! -e "$X/restart" ] || f=restart.new
${restart.length === 0 ? sh`:` : sh`{ printf '%s\n' ${asItself.text}; cat; }`} >"$X/$f" && { [ "$f" = restart ] || mv -f "$X/$f" "$X/restart"; } && : >"$X/stage/revert/serve" &&
printf '%20s\n' '' >"$X/restarting" && printf '%s\n' ${releaseName(release)} >"$X/next" && printf '%s\n' ${old ?? ''} >"$X/old" &&
printf '%s' ${bad === null ? '' : `${bad}\n`} >"$X/bad" &&
for f in lease told tick early late log undecided; do : >"$X/$f" || exit ${codes.unpack}; done && : >"$X/state.staged" || exit ${codes.unpack}`,
      flushLaid,
    ],
    restart,
  )
}

/** With it the lock, and the name of the seal. They are few, but each small file costs as much as several folders. */
const flushLaid = sh`${crowdedFunction}
if crowded 32; then ${flush(
  sh`"$X/restart" "$X/restarting" "$X/next" "$X/old" "$X/bad" "$X/laid" "$X/stage/go" "$X/stage/revert" "$X/stage" "$X"`,
  paths.journals,
  sh`".clonedeploy/epochs/$h/holder" ".clonedeploy/epochs/$h/tx" ".clonedeploy/epochs/$h"`,
  ...[paths.epochs, paths.manifests, paths.records, '.'],
)}; else ${flushAll}; fi`

/**
 * The first lines of a restart's script: its process is on record, in a file that has its size already, before it asks
 * whether it may go on. Whoever takes that away from it reads the record afterwards.
 */
const asItself = sh`{ printf '%-20s\n' "$$" 1<>"\${0%/*}/restarting"; } 2>/dev/null
[ -e "\${0%/*}/stage/revert/serve" ] || exit ${codes.fenced}`
