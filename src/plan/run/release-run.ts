import type { Config, HealthCheck, Hook } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'

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
  /** What it links into shared/, and what begins there. */
  readonly shared: Config['shared']
  readonly env: Readonly<Record<string, string>>
  /** What the host's own entry in the inventory adds. */
  readonly hostEnv: Readonly<Record<string, string>>
}

/** What a host keeps of a release that is deployed by this configuration: one line of JSON. */
export function runRecord({ restart, health, prepare, writable, shared, env }: Config, host: Host): string {
  const run: ReleaseRun = { restart, health, prepare, writable, shared, env, hostEnv: host.env }
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

/** Which parts differ between how a release is run and how it would be run now. How long something may take is no difference. */
export function runChanges(then: ReleaseRun, now: ReleaseRun): readonly string[] {
  const parts = Object.keys(now) as (keyof ReleaseRun)[]
  return parts.filter(part => comparable(then[part]) !== comparable(now[part])).map(part => names[part] ?? part)
}

const names: { readonly [part in keyof ReleaseRun]?: string } = { hostEnv: 'hosts.env' }

function comparable(value: ReleaseRun[keyof ReleaseRun]): string {
  return JSON.stringify(Array.isArray(value) ? value.map(withoutLimits) : value, sorted)
}

function withoutLimits(one: Hook | HealthCheck | string) {
  if (typeof one === 'string') return one
  const { timeout: _, ...rest } = one
  return { ...rest, tryTimeout: undefined }
}

/** The order of names is no difference either. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
