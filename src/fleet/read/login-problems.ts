import type { Config } from '../../config/config.js'
import type { HostState } from '../../state/host-state.js'
import type { Problem } from '../../state/preflight.js'
import type { Session } from '../session.js'
import { forwardingProblems } from './forwarding.js'
import { oneFolderProblems } from './one-folder.js'
import { serviceProblems } from './service-problems.js'

type Fleet = readonly { readonly session: Session; readonly state: HostState; readonly sessions: number }[]

/** What a login must be able to do besides running scripts, and be only once: what would otherwise come to light later. */
export async function loginProblems(config: Config, fleet: Fleet, concurrency: number): Promise<readonly Problem[]> {
  const needed = sessionsFor(config)
  const few = fleet.filter(({ sessions }) => sessions < needed)
  const asked = [
    oneFolderProblems(fleet, concurrency),
    forwardingProblems(config, fleet, concurrency),
    serviceProblems(config, fleet, concurrency),
  ]
  return [...few.map(({ session }) => tooFew(session, needed)), ...(await Promise.all(asked)).flat()]
}

/** While one session waits for the word to swap (or hands files on), and another runs a command of the user's (or unpacks), the lease is renewed on a third. */
export function sessionsFor({ restart, health, relay }: Config): number {
  return restart.length > 0 || relay !== null || health.some(({ kind }) => kind === 'command') ? 3 : 2
}

function tooFew({ host }: Session, needed: number): Problem {
  return {
    host: host.name,
    text: `its sshd allows fewer than ${needed} sessions on a connection, and a swap needs them at once`,
    fix: `MaxSessions 10     in the sshd_config of ${host.name}`,
  }
}
