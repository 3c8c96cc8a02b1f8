import type { Outcome } from '../../fleet/outcome.js'
import { mend } from '../../fleet/transaction/mend.js'
import { planSweep } from '../../plan/plan-repair.js'
import { inService, readService, serviceOf } from '../context/balancers.js'
import type { Context } from '../context/context.js'
import type { TransactionFlags } from '../context/flags.js'
import { startRun } from '../context/transact.js'
import { intentFor, nothingToSend } from './repair-act.js'
import type { Scene } from './repair-scene.js'

/** Hosts of a whole fleet that a dead run has left out of service, and where: `HAProxy web/web-3`. */
export async function leftDrained(context: Context, scene: Scene): Promise<ReadonlyMap<string, string>> {
  return inService(await readService(context, scene.fleet)).drained
}

/** Puts into service again what a dead run has drained, where that serves the fleet's release; the outcome with what came of it. */
export async function mendService(
  context: Context,
  flags: TransactionFlags,
  scene: Scene,
  outcome: Outcome,
): Promise<Outcome> {
  const served = await readService(context, scene.fleet)
  const service = serviceOf(context, scene.fleet, served)
  if (service === null || service.left === null) return outcome
  const [problem] = served.problems
  if (problem !== undefined) return unmended(outcome, `which hosts are in service is not known: ${problem.text}`)
  const plan = planSweep(await intentFor(context, flags, scene, outcome.release), [])
  const run = startRun(context, flags, scene.fleet, plan, nothingToSend, service)
  const halt = await mend(
    run,
    run.hosts.filter(({ name }) => !scene.beyond.has(name)),
  )
  const outs = new Map(run.hosts.flatMap(({ name, out }) => (out === null ? [] : [[name, out] as const])))
  const hosts = outcome.hosts.map(host => ({
    ...host,
    ...(outs.has(host.name) ? { out: outs.get(host.name) ?? '' } : {}),
  }))
  const told = { ...outcome, hosts, warnings: [...outcome.warnings, ...run.warnings] }
  return halt === null ? told : unmended(told, halt.reason)
}

function unmended(outcome: Outcome, reason: string): Outcome {
  const next = ['look: clonedeploy status', 'then: clonedeploy repair']
  return { ...outcome, result: 'mixed', exitCode: 6, reason: outcome.reason ?? reason, next }
}
