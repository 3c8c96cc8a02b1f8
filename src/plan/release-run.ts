import type { Config, HealthCheck, Hook } from '../config/config.js'
import type { Host } from '../inventory/host.js'

/**
 * How a release is started and asked, as it was when it was deployed; each host keeps it with the release. Secrets are not
 * in it: they are always today's.
 */
export interface ReleaseRun {
  readonly restart: readonly Hook[]
  readonly health: readonly HealthCheck[]
  readonly prepare: readonly Hook[]
  /** What the app may write in it, which was not sealed. */
  readonly writable: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** What the host's own entry in the inventory adds. */
  readonly hostEnv: Readonly<Record<string, string>>
}

/** What a host keeps of a release that is deployed by this configuration: one line of JSON. */
export function runRecord({ restart, health, prepare, writable, env }: Config, host: Host): string {
  const run: ReleaseRun = { restart, health, prepare, writable, env, hostEnv: host.env }
  return JSON.stringify(run)
}

/** The record of a host, as `fleet/run-record.ts` found it fit; null where there is none that fits: then today's configuration counts. */
export function runOf(record: unknown): ReleaseRun | null {
  return record === 'damaged' ? null : (record as ReleaseRun | null)
}

/** The configuration with everything that a release is run by as it was for that one. */
export function asDeployed(config: Config, host: Host, run: ReleaseRun | null): { config: Config; host: Host } {
  if (run === null) return { config, host }
  const { hostEnv, ...own } = run
  return { config: { ...config, ...own }, host: { ...host, env: hostEnv } }
}
