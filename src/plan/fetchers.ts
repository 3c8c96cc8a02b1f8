import type { Fetcher } from '../scripts/prepare/download.js'
import type { HostState } from '../state/host-state.js'
import type { HostPlan } from './plan.js'
import { much, pushOf } from './relay.js'

/** The program by which a host can fetch from a store; null: it has none that will do. */
export function fetcherOn({ tools }: Pick<HostState, 'tools'>): Fetcher | null {
  if (tools.includes('curl')) return 'curl'
  return tools.includes('wget') && tools.includes('timeout') ? 'wget' : null
}

/** Hosts that need the same: the files of the release that `base` (its digest; null: no release) lacks. */
export interface Lacking {
  readonly base: string | null
  /** By their names: those that can fetch it, and those that have no program for it. */
  readonly fetching: readonly string[]
  readonly unable: readonly string[]
}

/**
 * Who fetches from the store what it lacks, if that is much. `size`: bytes that it takes to bring a host with this base on.
 * Of what one host alone needs nothing is gained where it has to be brought to the store first.
 */
export async function lackingOf(
  hosts: readonly HostPlan[],
  size: (base: string | null) => Promise<number>,
): Promise<readonly Lacking[]> {
  const alike = new Map<string | null, { readonly fetching: string[]; readonly unable: string[] }>()
  for (const plan of hosts) {
    const push = pushOf(plan)
    if (push === undefined) continue
    const one = alike.get(push.baseDigest) ?? { fetching: [], unable: [] }
    alike.set(push.baseDigest, one)
    one[push.fetcher === null ? 'unable' : 'fetching'].push(plan.host.name)
  }
  const found: Lacking[] = []
  for (const [base, names] of alike) {
    const isShared = base === null || names.fetching.length > 1
    if (isShared && (await size(base)) > much) found.push({ base, ...names })
  }
  return found
}
