import { takeOut, takeOutExcluded } from '../balancer/isolate.js'
import { backInService, mayServe } from '../balancer/undrain.js'
import type { Outcome } from '../outcome.js'
import { withdraw } from '../store/conclude.js'
import { coolBack } from '../warm/warm.js'
import { readAll } from './confirm.js'
import { type OutcomeFacts, outcomeOf } from './decide-outcome.js'
import { withHeart } from './lock.js'
import { blameAll, discardAll, isOnlySick, restoreAll } from './restore.js'
import type { Halt, Run } from './run.js'
import { undone, walk } from './walk-phases.js'

/**
 * Carries a plan out on the whole fleet, phase by phase. What fails before the swap is thrown away everywhere; what fails
 * after it is put back everywhere. Throws LockedError only.
 */
export async function execute(run: Run, facts: OutcomeFacts): Promise<Outcome> {
  // Opens SFTP in the background: the swap needs it.
  for (const { session } of run.hosts) session.files()
  return withHeart(run, async () => {
    const unready = await walk(run, 'discard').catch(undone(() => giveUp(run, ourBug)))
    if (unready !== null) return await abort(run, facts, unready)
    const broken = await walk(run, 'restore').catch(undone(() => restoreAll(run, ourBug)))
    if (broken !== null && !run.keepOnFailure) return await goBack(run, facts, broken)
    const split = await walk(run, 'repair')
    if (split !== null && run.hosts.every(({ confirmed }) => !confirmed)) return await goBack(run, facts, split)
    if (broken !== null) await blameAll(run, run.hosts, broken)
    const away = split === null ? await backInService(run, run.hosts) : null
    if (split === null) await takeOutExcluded(run)
    if (split === null) await takeOut(run, run.gone)
    const unread = split === null ? await walk(run, 'end') : await stayApart(run, split)
    const wrong = broken ?? unread ?? away
    return outcomeOf(run, facts, wrong === null ? 'deployed' : 'mixed', wrong)
  })
}

const ourBug: Halt = { reason: 'a bug of clonedeploy' }

/** Nothing was swapped: puts the first batch back into service and discards what was prepared. */
async function giveUp(run: Run, halt: Halt): Promise<Halt | null> {
  const away = await backInService(run, (run.batches[0] ?? []).filter(mayServe(run)))
  await coolBack(run, run.hosts)
  await withdraw(run, halt, false)
  await discardAll(run)
  return away
}

async function abort(run: Run, facts: OutcomeFacts, halt: Halt): Promise<Outcome> {
  const away = await giveUp(run, halt)
  if (away === null) return outcomeOf(run, facts, 'aborted', halt)
  return outcomeOf(run, facts, 'mixed', after(halt, 'afterwards', away))
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
  return outcomeOf(run, facts, 'mixed', after(halt, 'on the way back', left))
}

function after(halt: Halt, when: string, { reason, known }: Halt): Halt {
  return { reason: known ? halt.reason : `${halt.reason}; and ${when} ${reason}` }
}
