import { paths, releaseName } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { type HookRun, hook, type Variables } from '../shell/hook.js'
import { type Script, script, sh } from '../shell/shell.js'
import { endWorkFunction } from './end-work.js'

/**
 * Starts a release beside the one that has the traffic, by the user's command. Notes before that on the host that its processes may be
 * there: whoever finds the note cools. Exit: as `hook`; unpack (it could not be noted).
 */
export function warm(claim: Claim, release: string, what: HookRun, variables: Variables): Script {
  return hook(claim, what, variables, {
    before: sh`( umask 077; printf '%s\n' ${releaseName(release)} >"$X/warm" && mv -f "$X/warm" ${paths.warm} ) || exit ${codes.unpack}`,
  })
}

/**
 * Ends the processes of every release but the one that has the traffic, by the user's command; what was begun for the transaction
 * and still goes on is ended first. `last`: nothing is left to cool after it. Exit: as `hook`; busy.
 */
export function cool(claim: Claim, what: HookRun, variables: Variables, last: boolean): Script {
  return hook(claim, what, variables, {
    before: sh`${endWorkFunction}
endwork "$X" || exit ${codes.busy}`,
    after: last ? sh`rm -f ${paths.warm}` : sh``,
  })
}

/** Nothing is left by which what was warm could be ended. */
export function forget(claim: Claim): Script {
  return script('forget', [fenced(claim), sh`rm -f ${paths.warm}`])
}
