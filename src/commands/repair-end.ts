import type { HostOutcome, Outcome } from '../fleet/outcome.js'
import type { Context } from './context.js'
import type { Scene } from './repair-scene.js'

/** The outcome with the hosts that a repair could do nothing for: while there are any, the fleet is not whole. */
export function concluded(context: Context, { beyond }: Scene, outcome: Outcome): Outcome {
  if (beyond.size === 0) return outcome
  const first = [...beyond].map(([name, why]) => `${name}: ${why}`)
  const named = new Map(outcome.hosts.map(host => [host.name, host]))
  return {
    ...outcome,
    result: 'mixed',
    exitCode: 6,
    hosts: context.hosts.map(({ name }) => withTrouble(named.get(name) ?? unread(name), beyond.get(name))),
    reason: outcome.reason ?? first[0] ?? null,
    next: [...beyond.keys()].every(name => named.has(name))
      ? ['fix: clonedeploy deploy --force']
      : ['look: clonedeploy status', 'then: clonedeploy repair'],
  }
}

function withTrouble(host: HostOutcome, why: string | undefined): HostOutcome {
  if (why === undefined || host.error !== null) return host
  return { ...host, error: { phase: 'check', step: 'read', message: why, hint: null, output: [] } }
}

function unread(name: string): HostOutcome {
  return { name, current: null, digest: null, healthy: null, bytes: 0, error: null }
}
