import type { Config } from '../../config/config.js'
import { verifyStep } from '../../plan/held-steps.js'
import type { Verify } from '../../scripts/read/verify.js'
import type { HostState } from '../../state/host-state.js'
import { isIntact } from '../../state/intact.js'
import { onEach } from '../each.js'
import type { Session } from '../session.js'
import { type Held, readHeld } from './drift.js'

export interface HeldBy {
  /** What each host holds of the release; none of a host that does not have it. */
  readonly held: ReadonlyMap<string, Held>
  /** Hosts whose copy of the release is not what it was sealed as. */
  readonly damaged: ReadonlySet<string>
  /** Hosts that were lost while it was read. */
  readonly lost: ReadonlySet<string>
}

export const nobody: HeldBy = { held: new Map(), damaged: new Set(), lost: new Set() }

/** Reads a release on every host that holds it. Changes nothing. */
export async function readOnAll(
  config: Config,
  fleet: readonly { readonly session: Session; readonly state: HostState }[],
  release: string,
  { concurrency, read }: { readonly concurrency: number; readonly read: Verify['read'] },
): Promise<HeldBy> {
  const holders = fleet.filter(({ state }) => state.releases.some(({ id }) => id === release))
  const told = await onEach(holders, concurrency, ({ session, state }) =>
    readHeld(session, verifyStep(config, session.host, state, release, read)),
  )
  const names = holders.map(({ state }) => state.name)
  const held = new Map(names.flatMap((name, i) => (told[i] == null ? [] : [[name, told[i]] as const])))
  const lost = new Set(names.filter(name => !held.has(name)))
  const damaged = [...held].filter(([, { drift }]) => !isIntact(drift)).map(([name]) => name)
  return { held, damaged: new Set(damaged), lost }
}
