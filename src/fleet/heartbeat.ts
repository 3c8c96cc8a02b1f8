import type { Script } from '../scripts/shell/shell.js'
import type { Session } from './session.js'

/** Signs of life, four in a lease (seconds), until it is stopped; a host that does not answer is found by the step that needs it. */
export function startHeart(
  lease: number,
  signs: () => readonly (readonly [Session, Script])[],
): { readonly stop: () => void } {
  const busy = new Set<Session>()
  const beat = () => {
    for (const [session, renewal] of signs().filter(([session]) => !busy.has(session))) {
      busy.add(session)
      session.run(renewal, { timeout: 10_000 }).finally(() => busy.delete(session))
    }
  }
  const timer = setInterval(beat, (lease * 1000) / 4)
  return { stop: () => clearInterval(timer) }
}
