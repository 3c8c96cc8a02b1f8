import { paths } from '../../release/paths.js'
import { type Claim, fenced } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'

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
rm -rf "$X/stage" "$X/restart" "$X/switch"
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
