import type { Config, HealthCheck, Hook } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import { portsOn } from '../../release/ports.js'
import type { Variables } from '../../scripts/shell/hook.js'
import type { HostState } from '../../state/host-state.js'
import { escapeLine } from '../../text/escape.js'
import { addressOf, writtenAddress } from './health.js'
import { hookVariables, onHost, withPort } from './variables.js'

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
export function runRecord(
  { restart, health, prepare, writable, shared, env }: Config,
  host: Pick<Host, 'env'>,
): string {
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

export interface RunOn {
  readonly config: Config
  readonly host: Host
  /** Why the host's own record does not count there: a line for people; null: it does, or there is none. */
  readonly odd: string | null
}

/**
 * Configuration and host as a release was deployed with there; `vouched` counts for a host that has still to get it. Without
 * a record (another tool's release, or a new one), or with one that makes no sense, they are today's: what one host says
 * stops no other.
 */
export function runOn(
  config: Config,
  host: Host,
  state: HostState,
  release: string | null,
  secrets: Variables,
  vouched: ReleaseRun | null = null,
): RunOn {
  const record = state.releases.find(({ id }) => id === release)?.run ?? null
  const odd = (why: string) => `${host.name}: ${why}; it is run there as it is configured today`
  if (record === 'damaged') return { config, host, odd: odd(`what it recorded of how ${release} is run is damaged`) }
  const then = asDeployed(config, host, runOf(record) ?? (vouched && { ...vouched, hostEnv: host.env }))
  const nowhere = then.config === config ? undefined : withoutAddress(then, state, secrets)
  return nowhere === undefined
    ? { ...then, odd: null }
    : { config, host, odd: odd(`the health check ${nowhere} that ${release} was deployed with is no address there`) }
}

/** The first health check whose address is none. A secret that is not known may be anything. */
function withoutAddress(
  { config, host }: { readonly config: Config; readonly host: Host },
  { root }: HostState,
  secrets: Variables,
): string | undefined {
  const unknown = Object.fromEntries(Object.keys(config.secrets).map(name => [name, '1']))
  const served = { release: '', revision: null, previous: null }
  const port = portsOn(config.restart, host)?.[0]
  const variables = hookVariables(config, { ...unknown, ...secrets }, withPort(host, port), root, served)
  return onHost(config.health, host)
    .flatMap(check => (check.kind === 'command' || addressOf(check, variables) ? [] : [writtenAddress(check)]))
    .map(text => escapeLine(text, 200))[0]
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
