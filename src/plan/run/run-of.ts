import type { Config } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import type { Variables } from '../../scripts/shell/hook.js'
import type { HostState } from '../../state/host-state.js'
import { escapeLine } from '../../text/escape.js'
import { addressOf, writtenAddress } from './health-step.js'
import { onHost } from './on-host.js'
import { asDeployed, type ReleaseRun, runOf } from './release-run.js'
import { hookVariables } from './variables.js'

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
  const variables = hookVariables(config, { ...unknown, ...secrets }, host, root, served)
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
