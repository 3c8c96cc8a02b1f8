import type { HostState } from '../inventory/state.js'
import { codes } from '../scripts/codes.js'
import { verify } from '../scripts/verify.js'
import { onEach } from './each.js'
import type { Session } from './session.js'

export interface Verified {
  /** Hosts whose copy of the release is not what it was sealed as. */
  readonly damaged: ReadonlySet<string>
  /** Hosts that were lost while it was read. */
  readonly lost: ReadonlySet<string>
}

/** Reads every file of a release on every host that holds it. Changes nothing. */
export async function verifyOnAll(
  fleet: readonly { readonly session: Session; readonly state: HostState }[],
  release: string,
  concurrency: number,
): Promise<Verified> {
  const damaged = new Set<string>()
  const lost = new Set<string>()
  await onEach(fleet, concurrency, async ({ session, state }) => {
    const entry = state.releases.find(({ id }) => id === release)
    if (entry === undefined) return
    const { code } = await session.run(verify(state.root, release, { extra: entry.extra, whole: false, read: 'all' }), {
      timeout: 600_000,
    })
    if (code === codes.notIntact || code === codes.releaseMissing) damaged.add(state.name)
    else if (code !== 0) lost.add(state.name)
  })
  return { damaged, lost }
}
