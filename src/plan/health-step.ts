import type { HealthCheck } from '../config/config.js'
import type { HostState } from '../inventory/state.js'
import { command, type Variables } from '../scripts/hook.js'
import type { HealthStep } from './plan.js'
import { type Served, substitute } from './variables.js'

/** A question whether a host serves a release, its address and its variables put in. */
export function healthStep(check: HealthCheck, state: HostState, variables: Variables, served: Served): HealthStep {
  return {
    kind: 'health',
    name: 'health',
    text: textOf(check, variables),
    root: state.root,
    check,
    target: targetOf(check, state.root, variables),
    proofs: proofsOf(served.release, served.revision),
    others: state.releases
      .filter(({ id }) => id !== served.release)
      .map(({ id, revision }) => ({
        release: id,
        proofs: proofsOf(id, revision === served.revision ? null : revision),
      })),
  }
}

function textOf(check: HealthCheck, variables: Variables): string {
  switch (check.kind) {
    case 'http':
      return `GET ${urlOf(check.url, variables)} = ${check.status} within ${check.timeout / 1000}s`
    case 'tcp':
      return `connect to ${substitute(check.address, variables)} = open within ${check.timeout / 1000}s`
    case 'command':
      return check.run
  }
}

function targetOf(check: HealthCheck, root: string, variables: Variables): HealthStep['target'] {
  switch (check.kind) {
    case 'http':
      return { url: urlOf(check.url, variables) }
    case 'tcp':
      return { url: urlOf(`tcp://${check.address}`, variables) }
    case 'command':
      return {
        script: command(root, { folder: 'current', run: check.run, timeout: check.tryTimeout / 1000 }, variables),
      }
  }
}

function urlOf(text: string, variables: Variables): URL {
  return new URL(substitute(text, variables))
}

function proofsOf(release: string, revision: string | null): readonly string[] {
  return [release, ...(revision ? [revision] : [])]
}
