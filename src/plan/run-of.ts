import type { Config } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import type { HostState } from '../inventory/state.js'
import { asDeployed, type ReleaseRun, runOf } from './release-run.js'

/**
 * Configuration and host as a release was deployed with there; `vouched` counts for a host that has still to get it. Without
 * a record (another tool's release, or a new one) they are today's.
 */
export function runOn(
  config: Config,
  host: Host,
  state: HostState,
  release: string | null,
  vouched: ReleaseRun | null = null,
): { readonly config: Config; readonly host: Host } {
  const own = runOf(state.releases.find(({ id }) => id === release)?.run ?? null)
  return asDeployed(config, host, own ?? (vouched && { ...vouched, hostEnv: host.env }))
}

/** How a release is run, for hosts that have still to get it: what two hosts say alike, for none speaks for another. */
export function vouchedRun(states: readonly HostState[], release: string): ReleaseRun | null {
  const told = states.flatMap(({ releases }) => {
    const run = runOf(releases.find(({ id }) => id === release)?.run ?? null)
    return run === null ? [] : [{ ...run, hostEnv: {} }]
  })
  const texts = told.map(run => JSON.stringify(run))
  return told.find((_, i) => texts.indexOf(texts[i] ?? '') !== texts.lastIndexOf(texts[i] ?? '')) ?? null
}
