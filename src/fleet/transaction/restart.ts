import { tasksOf, wordsOf } from '../balancer/balancers.js'
import { backInService, outOfService } from '../balancer/undrain.js'
import { onEach } from '../each-host.js'
import type { Outcome } from '../outcome.js'
import { never } from '../stop.js'
import { comeHome, isPorted } from '../warm/flip.js'
import { coolBack } from '../warm/warm.js'
import { logsCommand, type OutcomeFacts, outcomeOf } from './decide-outcome.js'
import { withHeart } from './lock.js'
import { discardAll, lookAgain } from './restore.js'
import type { Halt, HostRun, Run } from './run.js'
import { type Around, hostsIn, undone, walk } from './walk-phases.js'

/**
 * Restarts what the hosts serve, batch by batch, and asks for its health. There is no way back: a failure ends it, and the
 * batches that have not come to their turn stay as they are. Throws LockedError only.
 */
export async function restartAll(run: Run, facts: OutcomeFacts): Promise<Outcome> {
  return withHeart(run, async () => {
    const halt = (await walk(run, 'discard')) ?? (await walk(run, 'end', begun).catch(undone(() => discardAll(run))))
    const isHome = halt !== null && run.hosts.some(isPorted) && (await unflipped(run))
    const away = await backInService(run, run.hosts.filter(isWell))
    await nameThoseOut(run)
    await readBack(run)
    await discardAll(run)
    return ended(run, facts, halt, away, isHome)
  })
}

/** Users are sent back to the processes that were to be replaced, which never stopped. */
async function unflipped(run: Run): Promise<boolean> {
  const astray = await comeHome(run, run.hosts)
  await coolBack(run, run.hosts)
  if (astray !== null) run.warnings.push(astray.reason)
  return astray === null
}

/** Once a host has begun to restart, its health check runs to the end even if a stop is asked for, so that what it serves is known. */
const begun: Around = async (run, phase, act) => {
  switch (phase.name) {
    case 'drain':
      return stopped(run) ?? act(run)
    case 'switch':
    case 'restart': {
      const halt = stopped(run)
      if (halt !== null) return halt
      for (const host of hostsIn(run, phase)) host.swapBegun = true
      return act({ ...run, stop: never })
    }
    case 'health':
      return act({ ...run, stop: never })
    default:
      return act(run)
  }
}

function stopped({ stop }: Run): Halt | null {
  const reason = stop.reason()
  return reason === null ? null : { reason, onRequest: true }
}

function isWell({ failure, healthy }: HostRun): boolean {
  return failure === null && healthy !== false
}

/** Names failed hosts that are still out of the load balancer. */
async function nameThoseOut({ balancers, hosts }: Run): Promise<void> {
  if (balancers === null) return
  const believed = hosts.filter(({ name }) => balancers.drained.has(name))
  const away = await outOfService(balancers, believed).catch(() => believed)
  for (const host of hosts) host.out = null
  for (const { balancer, hosts: behind } of tasksOf(balancers, away))
    for (const host of behind) host.out = wordsOf(balancer, host.name)
}

async function readBack(run: Run): Promise<void> {
  await onEach(run.hosts, run.concurrency, async host => {
    host.current = await lookAgain(host)
  })
}

function ended(run: Run, facts: OutcomeFacts, halt: Halt | null, away: Halt | null, isHome: boolean): Outcome {
  const begun = run.hosts.some(({ swapBegun }) => swapBegun)
  if (!begun && away === null) return outcomeOf(run, facts, 'aborted', halt)
  if (away !== null || !run.hosts.every(host => (isHome || isWell(host)) && serves(run, host)))
    return { ...outcomeOf(run, facts, 'mixed', halt ?? away), next: nextSteps(run) }
  if (halt === null) return outcomeOf(run, facts, 'deployed', null)
  // Every host is well, and some had no turn yet.
  return {
    ...outcomeOf(run, facts, 'mixed', halt),
    result: 'aborted',
    exitCode: 5,
    next: ['go on: clonedeploy restart'],
  }
}

function serves({ plan }: Run, { current }: HostRun): boolean {
  return current.kind === 'known' && current.target?.replace(/^releases\//, '') === plan.release
}

function nextSteps(run: Run): readonly string[] {
  const failed = run.hosts.filter(host => !isWell(host))
  const told = failed.find(({ plan }) => plan.log !== null)
  const out = run.hosts.filter(host => host.out !== null).map(({ name }) => name)
  const healthy = `when ${out.join(', ')} ${out.length === 1 ? 'is' : 'are'} healthy, back into service`
  return [
    ...failed.flatMap(({ failure }) => failure?.hint ?? []),
    ...(told === undefined ? ['look: clonedeploy status'] : [`look: ${logsCommand(run, told)}`]),
    'again: clonedeploy restart',
    ...(out.length === 0 ? [] : [`back: clonedeploy repair     (${healthy})`]),
  ]
}
