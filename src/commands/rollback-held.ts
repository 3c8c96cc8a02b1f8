import { PreflightError, type Refusal } from '../errors.js'
import { type HeldBy, readOnAll } from '../fleet/held.js'
import { isIntact } from '../plan/drift.js'
import { chooseRollback } from '../plan/rollback.js'
import { driftText } from '../render/drift.js'
import type { Context } from './context.js'
import { type Fleet, orInterrupt } from './survey.js'

/** What the hosts hold of a release, as the run itself will look at it. Changes nothing. */
export function readRelease(context: Context, fleet: Fleet, release: string): Promise<HeldBy> {
  const { config, concurrency } = context
  return orInterrupt(context, readOnAll(config, fleet, release, { concurrency, read: 'written' }))
}

/** Throws a PreflightError where the hosts do not all hold the release as it was sealed. */
export async function demandHeld(context: Context, fleet: Fleet, release: string, found: HeldBy): Promise<void> {
  const { held, damaged, lost } = found
  if (lost.size > 0) throw refusal(`${[...lost].join(', ')} could not be read.`, { next: ['look: clonedeploy check'] })
  if (damaged.size > 0)
    throw refusal(
      `${[...damaged].join(', ')} ${damaged.size === 1 ? 'does' : 'do'} not hold ${release} as it was sealed.`,
      {
        details: [...held].flatMap(([name, { drift }]) => (isIntact(drift) ? [] : [`${name}  ${driftText(drift)}`])),
        next: await older(context, fleet, release),
      },
    )
  const trees = new Set([...held.values()].flatMap(({ tree }) => tree ?? []))
  if (trees.size > 1 && context.config.identical === 'strict')
    throw refusal(`The files of ${release} differ between hosts.`, { next: await older(context, fleet, release) })
}

/** The newest release before this one that could be gone back to as it is. */
async function older(context: Context, fleet: Fleet, release: string): Promise<readonly string[]> {
  const states = fleet.map(({ state }) => state)
  try {
    const { release: before } = chooseRollback(states, release, null, context.config.identical)
    await demandHeld(context, fleet, before, await readRelease(context, fleet, before))
    return [`go further back: clonedeploy rollback --to ${before}`]
  } catch (error) {
    if (!(error instanceof PreflightError)) throw error
    return error.next.filter(text => text.startsWith('go further back'))
  }
}

function refusal(message: string, more: Partial<Pick<Refusal, 'details' | 'next'>>): PreflightError {
  return new PreflightError(`${message} Nothing was changed.`, more)
}
