import type { HostOutcome, Outcome } from '../../fleet/outcome.js'
import { mend } from '../../fleet/transaction/under-lock.js'
import { planSweep } from '../../plan/repair.js'
import { currentRelease } from '../../state/releases.js'
import { inService, readBalancers, runBalancers } from '../context/balancers.js'
import type { Context } from '../context/context.js'
import type { TransactionFlags } from '../context/flags.js'
import { backOf } from '../context/rollout.js'
import { startRun } from '../context/transact.js'
import { intentFor, nothingToSend } from './repair-act.js'
import type { RepairFacts } from './repair-facts.js'
import { trustSteps } from './trust-host.js'

/** The outcome with the hosts that a repair could do nothing for: while there are any, the fleet is not whole. */
export function concluded(context: Context, facts: RepairFacts, outcome: Outcome): Outcome {
  const { beyond, heard } = facts
  if (beyond.size === 0) return outcome
  const isAlone = (name: string) => heard.alone.some(({ host }) => host === name)
  const first = [...beyond].map(([name, why]) => (isAlone(name) ? why : `${name}: ${why}`))
  const named = new Map(outcome.hosts.map(host => [host.name, host]))
  return {
    ...outcome,
    result: 'mixed',
    exitCode: 6,
    hosts: context.hosts.map(({ name }) => withTrouble(named.get(name) ?? leftAlone(facts, name), beyond.get(name))),
    reason: outcome.reason ?? first[0] ?? null,
    next: heard.alone.length > 0 ? trustSteps(context, facts) : nextOf(facts),
  }
}

function nextOf({ away, beyond, fleet }: RepairFacts): readonly string[] {
  if (away.length > 0) return goingOnWithout(away)
  const isServed = [...beyond.keys()].every(name => fleet.some(({ state }) => state.name === name))
  return isServed ? ['fix: clonedeploy deploy --force'] : ['look: clonedeploy status', 'then: clonedeploy repair']
}

/** What to type for hosts that could not be read. */
export function goingOnWithout(names: readonly string[]): readonly string[] {
  const [they, it] = names.length === 1 ? ['answers', 'it never comes'] : ['answer', 'they never come']
  return [
    `when ${names.join(', ')} ${they} again: clonedeploy repair`,
    `if ${it} back: clonedeploy repair --give-up ${names.join(',')} --fenced`,
  ]
}

function withTrouble(host: HostOutcome, why: string | undefined): HostOutcome {
  if (why === undefined || host.error !== null) return host
  return { ...host, error: { phase: 'check', step: 'read', message: why, hint: null, output: [] } }
}

/** A host that nothing was done on: what it served when it was read. */
function leftAlone({ states }: RepairFacts, name: string): HostOutcome {
  const state = states.find(one => one.name === name)
  const current = state === undefined ? null : currentRelease(state)
  return { name, current, digest: null, healthy: null, bytes: 0, error: null }
}

/** Hosts of a whole fleet that a dead run has left out of service, and where: `HAProxy web/web-3`. */
export async function leftDrained(context: Context, facts: RepairFacts): Promise<ReadonlyMap<string, string>> {
  return inService(await readBalancers(context, facts.fleet)).drained
}

/** Puts into service again what a dead run has drained, where that serves the fleet's release; the outcome with what came of it. */
export async function undrainLeft(
  context: Context,
  flags: TransactionFlags,
  facts: RepairFacts,
  outcome: Outcome,
): Promise<Outcome> {
  const served = await readBalancers(context, facts.fleet)
  const service = runBalancers(context, facts.fleet, served)
  if (service === null || (service.left === null && served.astray.size === 0)) return outcome
  const [problem] = served.problems
  if (problem !== undefined) return unmended(outcome, `which hosts are in service is not known: ${problem.text}`)
  const intent = {
    ...(await intentFor(context, flags, facts, outcome.release)),
    rollout: backOf(context, facts.fleet, served),
  }
  const plan = planSweep(intent, [])
  const run = startRun(context, flags, facts.fleet, plan, nothingToSend, { balancers: service })
  const halt = await mend(
    run,
    run.hosts.filter(({ name }) => !facts.beyond.has(name)),
  )
  const outs = new Map(run.hosts.flatMap(({ name, out }) => (out === null ? [] : [[name, out] as const])))
  const hosts = outcome.hosts.map(host => ({
    ...host,
    ...placeIn('out', outs.get(host.name)),
    ...placeIn('back', service.back.get(host.name)),
  }))
  const told = { ...outcome, hosts, warnings: [...outcome.warnings, ...run.warnings] }
  return halt === null ? told : unmended(told, halt.reason)
}

function placeIn(key: 'out' | 'back', place: string | undefined) {
  return place === undefined ? {} : { [key]: place }
}

function unmended(outcome: Outcome, reason: string): Outcome {
  const next = ['look: clonedeploy status', 'then: clonedeploy repair']
  return { ...outcome, result: 'mixed', exitCode: 6, reason: outcome.reason ?? reason, next }
}
