import { MixedError } from '../../errors.js'
import { sweep } from '../../fleet/transaction/under-lock.js'
import { planRecord } from '../../plan/repair.js'
import { ownerName, ownerStep } from '../../state/evidence/owner.js'
import { vouched } from '../../state/evidence/vouched-record.js'
import type { Context } from '../context/context.js'
import type { AdoptFlags } from '../context/flags.js'
import { adopts } from '../context/owner.js'
import type { Fleet } from '../context/read-fleet.js'
import { keepRecord, knownHere } from '../context/run-records.js'
import { startRun } from '../context/transact.js'
import { intentFor, nothingToSend } from './repair-act.js'

/** With --adopt, and where the fleet's record is not ours on every host: makes it ours. What is served stays as it is. */
export async function recordOwner(context: Context, flags: AdoptFlags, fleet: Fleet): Promise<void> {
  const heard = vouched(
    fleet.map(({ state }) => state),
    knownHere(context),
  )
  const { record } = heard
  if (!adopts(context, flags, fleet) || record === null) return
  const intent = await intentFor(context, flags, { command: 'repair', fleet, given: [], heard }, record.release)
  const plan = planRecord({ ...intent, digest: record.digest }, ownerStep(context.config))
  const halt = await sweep(startRun(context, flags, fleet, plan, nothingToSend))
  if (halt !== null)
    throw new MixedError(
      `That this is ${ownerName(context.config)} could not be recorded everywhere: ${halt.reason}.`,
      { changed: 'nothing served', next: ['look: clonedeploy status', 'again: clonedeploy repair --adopt'] },
    )
  keepRecord(context, plan.record)
}
