import { paths, releaseName } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { flush } from '../shell/flush.js'
import { type HookRun, hook, type Variables } from '../shell/hook.js'
import { type Script, type ShellText, script, sh } from '../shell/shell.js'
import { endWorkFunction } from './end-processes.js'

/**
 * Starts a release beside the one that has the traffic, by the user's command. Notes before that on the host that its processes may be
 * there: whoever finds the note cools. `port`: where it is started. Exit: as `hook`; unpack (it could not be noted).
 */
export function warm(
  claim: Claim,
  release: string,
  what: HookRun,
  variables: Variables,
  port: number | null = null,
): Script {
  return hook(claim, what, variables, {
    before: sh`( umask 077; printf '%s\n' ${releaseName(release)} >"$X/warm" && mv -f "$X/warm" ${paths.warm} ) || exit ${codes.unpack}
${port === null ? sh`` : linked(port, release)}`,
  })
}

/** Nothing runs at the port, or this very release: its link and the note say so before it is started, also after a power cut. */
function linked(port: number, release: string): ShellText {
  const [link, target] = [paths.port(port), `../${paths.release(release)}`]
  return sh`mkdir -p ${paths.ports} && { [ "$(readlink ${link})" = ${target} ] || { rm -f ${link} && ln -s ${target} ${link}; }; } || exit ${codes.unpack}
${flush(paths.warm, paths.records, '.', paths.ports)}`
}

/**
 * Ends the processes of every release but the one that has the traffic, by the user's command; what was begun for the transaction
 * and still goes on is ended first. `last`: nothing is left to cool after it; `port`: nothing runs there any more. Exit: as `hook`; busy.
 */
export function cool(
  claim: Claim,
  what: HookRun,
  variables: Variables,
  last: boolean,
  port: number | null = null,
): Script {
  return hook(claim, what, variables, {
    before: sh`${endWorkFunction}
endwork "$X" || exit ${codes.busy}`,
    after: sh`${port === null ? sh`` : unlinked(port)}${last ? sh`rm -f ${paths.warm}` : sh``}`,
  })
}

/** Flushed, because a host starts what its links name: while one may be there, there is a note. */
function unlinked(port: number): ShellText {
  return sh`rm -f ${paths.port(port)}
${flush(paths.ports)}
`
}

/** Nothing is left by which what was warm could be ended. */
export function forget(claim: Claim): Script {
  return script('forget', [fenced(claim), sh`rm -f ${paths.warm}`])
}
