import { UsageError } from '../errors.js'
import { cutIntoBatches, type Rollout, type RolloutProblem, type Seat } from '../plan/batches.js'
import type { Problem } from '../plan/preflight.js'
import type { Context } from './context.js'
import type { TransactionFlags } from './flags.js'
import { demandNone, type Fleet } from './survey.js'

/** In which batches the hosts of a run go; those of `stay` serve the release already. */
export function planRollout(context: Context, fleet: Fleet, stay: ReadonlySet<string>): Rollout | RolloutProblem {
  const seats = fleet.map(
    ({ state }): Seat => ({ name: state.name, up: state.current.kind !== 'absent', stays: stay.has(state.name) }),
  )
  return cutIntoBatches(seats, context.config.rollout)
}

export function rolloutProblems(rollout: Rollout | RolloutProblem): readonly Problem[] {
  return 'text' in rollout ? [{ host: 'rollout', ...rollout }] : []
}

/** The same, or the refusal: PreflightError where it is impossible, UsageError where a decision would be missing later. */
export function demandRollout(
  context: Context,
  flags: TransactionFlags,
  fleet: Fleet,
  stay: ReadonlySet<string> = new Set(),
): Rollout {
  const rollout = planRollout(context, fleet, stay)
  demandNone(rolloutProblems(rollout))
  const possible = rollout as Rollout
  demandDecisions(context, flags, possible)
  return possible
}

function demandDecisions({ io }: Context, flags: TransactionFlags, { batches, canary }: Rollout): void {
  if (batches.length > 1 && flags.rollback === false)
    throw new UsageError('--no-rollback goes with a rollout of all hosts at once, and this one has batches.')
  if (canary?.confirm && !flags.yes && !io.canAsk)
    throw new UsageError(
      'the canary needs a decision: pass --yes (nobody can be asked: stdin or stderr is not a terminal, or --no-input was given), or let rollout.canary.check decide.',
    )
}
