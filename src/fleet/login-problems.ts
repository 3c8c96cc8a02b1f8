import type { Config } from '../config/config.js'
import type { HostState } from '../inventory/state.js'
import type { Problem } from '../plan/preflight.js'
import { holdSession } from '../scripts/hold-session.js'
import { Script } from '../scripts/shell.js'
import { onEach } from './each.js'
import { forwardingProblems } from './forwarding.js'
import { serviceProblems } from './service-problems.js'
import type { Session } from './session.js'

type Fleet = readonly { readonly session: Session; readonly state: HostState }[]

/** What a login must be able to do besides running scripts: what would otherwise come to light after the swap. */
export async function loginProblems(config: Config, fleet: Fleet, concurrency: number): Promise<readonly Problem[]> {
  const needed = sessionsFor(config)
  const few = await onEach(fleet, concurrency, async ({ session }) =>
    (await hasSessions(session, needed)) ? [] : [tooFew(session, needed)],
  )
  return [
    ...few.flat(),
    ...(await forwardingProblems(config, fleet, concurrency)),
    ...(await serviceProblems(config, fleet, concurrency)),
  ]
}

const timeout = 5_000

/** While one session waits for the word to swap, and another runs a command of the user's, the lease is renewed on a third. */
function sessionsFor({ restart, health }: Config): number {
  return restart.length > 0 || health.some(({ kind }) => kind === 'command') ? 3 : 2
}

/** Opens as many at once as a swap will use; they stay open for it. */
async function hasSessions(session: Session, needed: number): Promise<boolean> {
  const held = Array.from({ length: needed - 1 }, () => session.open(holdSession(), 4 * timeout))
  const lines = await Promise.all(held.map(waiting => waiting.line(timeout)))
  const last = lines.every(line => line === 'held') ? await session.run(new Script('last', ':'), { timeout }) : null
  for (const waiting of held) waiting.send('end')
  await Promise.all(held.map(waiting => waiting.result))
  return last?.code === 0
}

function tooFew({ host }: Session, needed: number): Problem {
  return {
    host: host.name,
    text: `its sshd allows fewer than ${needed} sessions on a connection, and a swap needs them at once`,
    fix: `MaxSessions 10     in the sshd_config of ${host.name}`,
  }
}
