import type { HostOutcome, Outcome } from '../../fleet/outcome.js'
import { currentRelease } from '../../state/current.js'
import type { Context } from '../context/context.js'
import type { Scene } from './repair-scene.js'
import { trustSteps } from './trust-host.js'

/** The outcome with the hosts that a repair could do nothing for: while there are any, the fleet is not whole. */
export function concluded(context: Context, scene: Scene, outcome: Outcome): Outcome {
  const { beyond, heard } = scene
  if (beyond.size === 0) return outcome
  const isAlone = (name: string) => heard.alone.some(({ host }) => host === name)
  const first = [...beyond].map(([name, why]) => (isAlone(name) ? why : `${name}: ${why}`))
  const named = new Map(outcome.hosts.map(host => [host.name, host]))
  return {
    ...outcome,
    result: 'mixed',
    exitCode: 6,
    hosts: context.hosts.map(({ name }) => withTrouble(named.get(name) ?? leftAlone(scene, name), beyond.get(name))),
    reason: outcome.reason ?? first[0] ?? null,
    next:
      heard.alone.length > 0 ? trustSteps(context, scene) : nextOf([...beyond.keys()].every(name => named.has(name))),
  }
}

function nextOf(isServed: boolean): readonly string[] {
  return isServed ? ['fix: clonedeploy deploy --force'] : ['look: clonedeploy status', 'then: clonedeploy repair']
}

function withTrouble(host: HostOutcome, why: string | undefined): HostOutcome {
  if (why === undefined || host.error !== null) return host
  return { ...host, error: { phase: 'check', step: 'read', message: why, hint: null, output: [] } }
}

/** A host that nothing was done on: what it served when it was read. */
function leftAlone({ states }: Scene, name: string): HostOutcome {
  const state = states.find(one => one.name === name)
  const current = state === undefined ? null : currentRelease(state)
  return { name, current, digest: null, healthy: null, bytes: 0, error: null }
}
