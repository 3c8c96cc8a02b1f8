import { codes } from './codes.js'
import { fenced, flush, type Place } from './place.js'
import { type Script, script, sh } from './shell.js'

/**
 * Ends a transaction that a dead run left undecided (`place.of`), as the others have ended it. Whoever renames the register
 * first decides; the same on any repetition. Exit: decided (the host has ended it the other way).
 */
export function settle(place: Place, outcome: 'confirmed' | 'reverted'): Script {
  const register = `outcome.${outcome}`
  return script('settle', [
    fenced(place),
    sh`mv -f "$X/undecided" "$X/"${register} 2>/dev/null || [ -e "$X/"${register} ] || exit ${codes.decided}`,
    flush,
  ])
}
