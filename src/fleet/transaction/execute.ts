import { drainAll } from '../balancer/drain.js'
import { takeOut } from '../balancer/isolate.js'
import { backInService, readyAll } from '../balancer/undrain.js'
import type { Outcome } from '../outcome.js'
import { passCanary } from './canary.js'
import { confirmAll, finishAll, pingAll, readAll } from './confirm.js'
import { type OutcomeFacts, outcomeOf } from './decide-outcome.js'
import { lockAndPrepare, withHeart } from './lock.js'
import { prepareAll, runOnce } from './prepare.js'
import { blameAll, discardAll, isOnlySick, restoreAll } from './restore.js'
import { type Batch, type Halt, moves, type Run } from './run.js'
import { serveAll } from './serve.js'
import { stillSwapped } from './still-swapped.js'
import { armAll, swapAll } from './swap.js'
import { orStop, undone } from './under-lock.js'

/**
 * Carries a plan out on the whole fleet: lock, prepare everything everywhere, swap all together or batch by batch, serve,
 * confirm. What fails before the swap is thrown away everywhere; what fails after it is put back everywhere. Throws LockedError only.
 */
export async function execute(run: Run, facts: OutcomeFacts): Promise<Outcome> {
  return withHeart(run, async () => {
    const unready = await makeReady(run).catch(undone(() => giveUp(run)))
    if (unready !== null) return await abort(run, facts, unready)
    const broken = await takeOver(run).catch(undone(() => restoreAll(run, { reason: 'a bug of clonedeploy' })))
    if (broken !== null && !run.keepOnFailure) return await goBack(run, facts, broken)
    const split = await confirmAll(run)
    if (split !== null && run.hosts.every(({ confirmed }) => !confirmed)) return await goBack(run, facts, split)
    if (broken !== null) await blameAll(run, run.hosts, broken)
    const away = split === null ? await backInService(run, run.hosts) : null
    const unread = split === null ? await finishAll(run) : await stayApart(run, split)
    const wrong = broken ?? unread ?? away
    return outcomeOf(run, facts, wrong === null ? 'deployed' : 'mixed', wrong)
  })
}

/** Does everything that leaves `current` alone. At its end every host holds the release, and the first batch waits for the word to swap. */
async function makeReady(run: Run): Promise<Halt | null> {
  // Opens SFTP in the background: the swap needs it.
  for (const { session } of run.hosts) session.files()
  const phases = [lockAndPrepare, prepareAll, runOnce, readyFirst]
  for (const phase of phases) {
    const halt = await orStop(run, phase(run))
    if (halt !== null) return halt
  }
  return null
}

function readyFirst(run: Run): Promise<Halt | null> {
  return drainAndArm(run, run.batches[0] as Batch)
}

/** From the first swap to the last check. Any failure here must be undone. */
async function takeOver(run: Run): Promise<Halt | null> {
  for (const batch of run.batches) {
    const halt = await takeBatch(run, batch)
    if (halt !== null) return halt
  }
  return (run.batches.length > 1 ? await stillSwapped(run) : null) ?? (await pingAll(run))
}

async function takeBatch(run: Run, batch: Batch): Promise<Halt | null> {
  const unready = batch === run.batches[0] ? null : await orStop(run, drainAndArm(run, batch))
  if (unready !== null) return unready
  const swapped = await swapAll(run, batch)
  if (swapped !== null) return swapped
  return orStop(run, serveBatch(run, batch))
}

/** Prepares a batch for its swap. Arming comes last, because an armed host waits only until its deadline. */
async function drainAndArm(run: Run, batch: Batch): Promise<Halt | null> {
  const gone = run.hosts.some(({ swapBegun }) => swapBegun) ? await stillSwapped(run) : null
  const inTurn = run.batches.length > 1
  const drained = gone ?? (inTurn ? await drainAll(run, batch.hosts.filter(moves), batch.title) : null)
  return drained ?? (await armAll(run, batch.hosts))
}

/** Serves a swapped batch before the next one follows. */
async function serveBatch(run: Run, batch: Batch): Promise<Halt | null> {
  const inTurn = run.batches.length > 1
  const halt =
    (await serveAll(run, batch.hosts)) ?? (inTurn ? await readyAll(run, batch.hosts.filter(moves), 'up') : null)
  return halt ?? (batch.endsCanary ? await passCanary(run) : null)
}

/** Nothing was swapped: puts the first batch back into service and discards what was prepared. */
async function giveUp(run: Run): Promise<Halt | null> {
  const away = await backInService(run, run.batches[0]?.hosts ?? [])
  await discardAll(run)
  return away
}

async function abort(run: Run, facts: OutcomeFacts, halt: Halt): Promise<Outcome> {
  const away = await giveUp(run)
  if (away === null) return outcomeOf(run, facts, 'aborted', halt)
  return outcomeOf(run, facts, 'mixed', { reason: `${halt.reason}; and afterwards ${away.reason}` })
}

/** Part of the fleet is confirmed and the rest is not: takes the rest out of the load balancer. */
async function stayApart(run: Run, split: Halt): Promise<Halt> {
  const halt = await readAll(run, split)
  await takeOut(
    run,
    run.hosts.filter(({ confirmed }) => !confirmed),
  )
  return halt
}

async function goBack(run: Run, facts: OutcomeFacts, halt: Halt): Promise<Outcome> {
  const left = await restoreAll(run, halt)
  if (left === null) return outcomeOf(run, facts, 'put-back', halt)
  // A fleet that needed a repair was not whole before.
  if (isOnlySick(run) && run.plan.command !== 'repair') return outcomeOf(run, facts, 'unhealthy', halt)
  return outcomeOf(run, facts, 'mixed', { reason: `${halt.reason}; and on the way back ${left.reason}` })
}
