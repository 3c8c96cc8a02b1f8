import type { Config, HealthCheck } from '../../config/config.js'
import { UsageError } from '../../errors.js'
import { type Host, substitute, variablesIn } from '../../inventory/host.js'
import type { Claim } from '../../scripts/shell/fence.js'
import { command, hook, type Variables } from '../../scripts/shell/hook.js'
import type { HostState } from '../../state/host-state.js'
import type { HealthStep } from '../plan.js'
import { hookVariables, type Served } from './variables.js'

/**
 * A question whether a host serves a release, its address and its variables put in. A command that is run for a
 * transaction (`place`) is ended with it: what it left in a release would count as a process of the app.
 */
export function healthStep(
  check: HealthCheck,
  state: HostState,
  variables: Variables,
  served: Served,
  claim: Claim | null = null,
  folder = 'current',
): HealthStep {
  return {
    kind: 'health',
    name: 'health',
    text: textOf(check, variables),
    root: state.root,
    check,
    target: targetOf(check, state.root, variables, claim, folder),
    proofs: proofsOf(served.release, served.revision),
    others: state.releases
      .filter(({ id }) => id !== served.release)
      .map(({ id, revision }) => ({
        release: id,
        proofs: proofsOf(id, revision === served.revision ? null : revision),
      })),
  }
}

type Asked = Exclude<HealthCheck, { kind: 'command' }>

/** The names of the variables in the address that a check asks. */
export function addressVariables(check: HealthCheck): readonly string[] {
  return check.kind === 'command' ? [] : variablesIn(writtenAddress(check))
}

/** The address as it was written. */
export function writtenAddress(check: Asked): string {
  return check.kind === 'http' ? check.url : check.address
}

/** The address with its variables put in; null when that is none. */
export function addressOf(check: Asked, variables: Variables): URL | null {
  const text = substitute(check.kind === 'http' ? check.url : `tcp://${check.address}`, variables)
  const url = URL.canParse(text) ? new URL(text) : null
  const fits = check.kind === 'http' ? /^https?:$/.test(url?.protocol ?? '') : url?.port !== ''
  return fits ? url : null
}

function textOf(check: HealthCheck, variables: Variables): string {
  switch (check.kind) {
    case 'http':
      return `GET ${urlOf(check, variables)} = ${check.status} within ${check.timeout / 1000}s`
    case 'tcp':
      return `connect to ${substitute(check.address, variables)} = open within ${check.timeout / 1000}s`
    case 'command':
      return check.run
  }
}

function targetOf(
  check: HealthCheck,
  root: string,
  variables: Variables,
  claim: Claim | null,
  folder: string,
): HealthStep['target'] {
  switch (check.kind) {
    case 'http':
    case 'tcp':
      return { url: urlOf(check, variables) }
    case 'command': {
      const run = { folder, run: check.run, timeout: check.tryTimeout / 1000 }
      return { script: claim === null ? command(root, run, variables) : hook(claim, run, variables) }
    }
  }
}

/** The configuration was checked without its secrets: one of them may make no address of it, and is not quoted. */
function urlOf(check: Asked, variables: Variables): URL {
  const url = addressOf(check, variables)
  if (url !== null) return url
  throw new UsageError(
    `The health check ${writtenAddress(check)} is no address on ${variables.CLONEDEPLOY_HOST}, with its variables put in.`,
    { changed: 'nothing', next: ['check the variables: clonedeploy config'] },
  )
}

function proofsOf(release: string, revision: string | null): readonly string[] {
  return [release, ...(revision ? [revision] : [])]
}

/** The addresses that health checks of a host ask, as far as they can be known before a release and its secrets are. */
export function healthUrls(config: Config, host: Host, state: HostState): readonly URL[] {
  const variables = hookVariables(config, {}, host, state.root, { release: '', revision: null, previous: null })
  return config.health.flatMap(check => {
    if (check.kind === 'command') return []
    if (check.roles !== null && !check.roles.some(role => host.roles.includes(role))) return []
    const text = substitute(check.kind === 'http' ? check.url : `tcp://${check.address}`, variables)
    return URL.canParse(text) ? [new URL(text)] : []
  })
}
