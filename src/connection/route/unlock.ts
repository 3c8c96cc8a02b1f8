import { ConnectError } from '../errors.js'
import { type Candidates, candidatesFor } from '../ssh2/auth.js'
import type { KeyRing } from '../ssh2/keys.js'
import type { Target } from '../target.js'

/**
 * Logs in with the keys that need no question. Only where these are none, or the host takes none of them, somebody is
 * asked for the passphrases of encrypted ones: between two handshakes, so that nobody has to type against a timeout.
 */
export async function withKeys<T>(
  target: Target,
  ring: KeyRing,
  attempt: (keys: Candidates) => Promise<T>,
): Promise<T> {
  const keys = await candidatesFor(target, ring)
  if (keys.locked.length === 0 || !ring.canAsk) return attempt(keys)
  if (keys.candidates.length === 0) return attempt(await candidatesFor(target, ring, ring.opened))
  try {
    return await attempt(keys)
  } catch (error) {
    if (!(error instanceof ConnectError) || error.kind !== 'auth') throw error
    const all = await candidatesFor(target, ring, ring.opened)
    const fresh = all.candidates.filter(({ key }) => !keys.candidates.some(tried => tried.key === key))
    if (fresh.length === 0) throw error
    return attempt({ ...all, candidates: fresh })
  }
}
