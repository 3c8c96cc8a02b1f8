import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { flush } from '../shell/flush.js'
import { type Script, script, sh } from '../shell/shell.js'
import { linkFunctions } from './unfinished.js'

/**
 * Ends a transaction that a dead run left undecided (`place.of`), where others have confirmed it. Whoever renames the register
 * first decides; the same on any repetition. What is called off loses its ways forward and back: nobody shall go back by it
 * when the host has been brought forward. Exit: decided (the host has ended it the other way).
 */
export function decide(claim: Claim, outcome: 'confirmed' | 'reverted'): Script {
  const register = `outcome.${outcome}`
  return script('settle', [
    fenced(claim),
    outcome === 'reverted'
      ? sh`${linkFunctions}
calloff "$X"`
      : sh``,
    sh`mv -f "$X/undecided" "$X/"${register} 2>/dev/null || [ -e "$X/"${register} ] || exit ${codes.decided}`,
    outcome === 'confirmed'
      ? sh`r=; read -r r <"$X/next"; [ -z "$r" ] || ( umask 077; : >".clonedeploy/manifests/$r.confirmed" )`
      : sh`rm -rf "$X/stage/revert"`,
    flush(sh`"$X" "$X/stage" "$X/stage/go"`, paths.manifests),
  ])
}
