import type { Config, HealthCheck, Hook, Ports } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import { homePort, otherPort, portsOn } from '../../release/ports.js'
import { serviceText } from '../../scripts/service/restart-command.js'
import { cool, forget, warm } from '../../scripts/transaction/warm.js'
import type { HostState } from '../../state/host-state.js'
import { currentRelease } from '../../state/releases.js'
import type { Flip, HookStep, HostPlan, ScriptStep } from '../plan.js'
import { healthStep } from './health.js'
import type { RunOn } from './release-run.js'
import { hookVariables, onHost, type Served, withPort } from './variables.js'
import { notWarm, type Place, type WarmSteps } from './warm.js'

type PortHook = Hook & { readonly ports: Ports }

/** Where the release goes on a host that has a process for each of two ports; null: it has one. */
export function flipOf(
  today: Config,
  host: Host,
  state: HostState,
  what: { readonly release: string; readonly ready: readonly number[] },
): Flip | null {
  const pair = portsOn(today.restart, host)
  if (pair === null) return null
  const release = currentRelease(state)
  const back = homePort(pair, { release, links: state.ports }, what.ready)
  const to = otherPort(pair, back)
  return { to, back, keeps: what.release !== release && state.ports[to] === what.release }
}

/** The steps of a release that goes to the idle port. `then`: how the one on the other port is run. */
export function portSteps(place: Place, then: RunOn, served: Served, proofs: Served, flip: Flip): WarmSteps {
  const { claim, on, state, secrets } = place
  const { release } = served
  const one = portHook(on)
  const folder = one.service === undefined ? `releases/${release}` : '.'
  const variables = hookVariables(on.config, secrets, withPort(on.host, flip.to), state.root, served)
  const run = { folder, run: one.run, timeout: one.timeout / 1000 }
  return {
    ...notWarm,
    flip,
    warm: [stepOf('warm', one, 'start', flip.to, warm(claim, release, run, variables, flip.to))],
    warmReady: readyChecks(on, one).map(check =>
      healthStep(check, state, variables, proofs, claim, `releases/${release}`),
    ),
    cool: stopSteps({ ...place, on: then }, flip.back, currentRelease(state), on),
    coolBack: stopSteps(place, flip.to, release, on),
  }
}

/** Ends what a dead run left on the port that does not serve. */
export function leftOnPort(place: Place, port: number, today: Place['on']): HostPlan['leftWarm'] {
  const { state, claim } = place
  const release = state.ports[port]
  if (release !== undefined) return stopSteps(place, port, release, today)
  return state.warm === null ? [] : [forgetStep(claim)]
}

/** A release that was deployed without ports, and started on this one by hand, is ended as `today` says. */
function stopSteps(
  place: Place,
  port: number,
  release: string | null,
  today: Place['on'],
): readonly (HookStep | ScriptStep)[] {
  const { claim, state, secrets } = place
  const on = portHookIn(place.on) === undefined && state.ports[port] === release ? today : place.on
  const one = portHookIn(on)
  if (one === undefined || release === null) return [forgetStep(claim)]
  const isThere = claim.of === undefined && state.releases.some(({ id }) => id === release)
  const folder = one.service === undefined && isThere ? `releases/${release}` : '.'
  const served = { release, revision: null, previous: null }
  const variables = hookVariables(on.config, secrets, withPort(on.host, port), state.root, served)
  const run = { folder, run: one.ports.stop, timeout: one.timeout / 1000 }
  return [stepOf('cool', one, 'stop', port, cool(claim, run, variables, true, port))]
}

function forgetStep(claim: Place['claim']): ScriptStep {
  const script = forget(claim)
  return { kind: 'script', name: script.name, text: 'nothing was left to be ended', script, timeout: 20_000 }
}

function portHookIn({ config, host }: Place['on']): PortHook | undefined {
  return onHost(config.restart, host).find((one): one is PortHook => one.ports !== undefined)
}

function portHook(on: Place['on']): PortHook {
  const found = portHookIn(on)
  if (found === undefined) throw new TypeError('the host has no ports')
  return found
}

function stepOf(
  name: string,
  one: PortHook,
  verb: 'start' | 'stop',
  port: number,
  script: HookStep['script'],
): HookStep {
  return { kind: 'hook', name, text: portText(one, verb, port), script, timeout: one.timeout + 15_000 }
}

/** `systemctl start shop@3001`, or the command with its port. */
export function portText({ run, service, ports }: Hook, verb: 'start' | 'stop', port: number): string {
  if (service?.kind === 'systemd')
    return serviceText({ ...service, verb, units: service.units.filter(unit => unit.endsWith(`@${port}`)) })
  return `CLONEDEPLOY_PORT=${port} ${verb === 'start' ? run : ports?.stop}`
}

/** What asks the port itself; where no check does, that it takes connections. */
function readyChecks({ config, host }: Place['on'], { timeout, roles }: PortHook): readonly HealthCheck[] {
  const own = onHost(config.health, host).filter(asksPort)
  const tcp = { kind: 'tcp', address: '127.0.0.1:$CLONEDEPLOY_PORT', timeout, tryTimeout: 5000, roles } as const
  return own.length > 0 ? own : [tcp]
}

function asksPort(check: HealthCheck): boolean {
  const text = check.kind === 'http' ? check.url : check.kind === 'tcp' ? check.address : check.run
  return text.includes('CLONEDEPLOY_PORT')
}
