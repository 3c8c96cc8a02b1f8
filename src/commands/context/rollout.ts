import type { Rollout as RolloutConfig } from '../../config/config.js'
import { UsageError } from '../../errors.js'
import type { RunBalancers } from '../../fleet/balancer/balancer-state.js'
import { cutIntoBatches, type Rollout, type RolloutProblem, type Seat } from '../../plan/batches.js'
import type { Problem } from '../../state/preflight.js'
import {
  astrayProblems,
  isUpIn,
  noteByHand,
  readBalancers,
  runBalancers,
  type Served,
  trafficOf,
  withOutside,
} from './balancers.js'
import type { Context } from './context.js'
import type { TransactionFlags } from './flags.js'
import { demandNone, type Fleet } from './read-fleet.js'

/** In which batches the hosts of a run go; those of `stay` serve the release already. With a balancer, those are up that it sends users to. */
export function planRollout(
  context: Context,
  fleet: Fleet,
  served: Served,
  stay: ReadonlySet<string>,
  config: Omit<RolloutConfig, 'bake'> = context.config.rollout,
): Rollout | RolloutProblem {
  const behind = new Set(served.balancers.flatMap(({ balancer }) => balancer.hosts))
  const { outside } = served
  const beside = outside.balancers.flatMap(({ hosts }) => hosts)
  const counted = behind.size === 0 ? fleet.length : behind.size + new Set(beside).size
  const seats = fleet.map(({ state }): Seat => {
    const serves = behind.size === 0 && state.current.kind !== 'absent'
    return { name: state.name, up: isUpIn(served, state.name) ?? serves, stays: stay.has(state.name) }
  })
  const balancers = served.balancers.map(({ balancer: { name, brand } }) => ({ name, brand }))
  const stage = { hosts: context.config.hosts.length, counted, outside: outside.up, balancers }
  const traffic = trafficOf(served)
  if (traffic === null) return cutIntoBatches(seats, config, stage)
  // Nobody is out of service while the balancer switches between two ports.
  const rollout = cutIntoBatches(seats, { ...config, minUp: 0 }, stage)
  return 'text' in rollout ? rollout : { ...rollout, balancers, drains: false, minUp: 0, traffic }
}

export function rolloutProblems(rollout: Rollout | RolloutProblem): readonly Problem[] {
  return 'text' in rollout ? [{ host: 'rollout', ...rollout }] : []
}

/** What a run takes along beside its plan. */
interface Course {
  readonly rollout: Rollout
  readonly balancers: RunBalancers | null
}

/** The way that the hosts go; PreflightError where it is impossible, UsageError where a decision would be missing later. */
export async function demandCourse(
  context: Context,
  flags: TransactionFlags,
  fleet: Fleet,
  stay: ReadonlySet<string> = new Set(),
): Promise<Course> {
  return courseBy(context, flags, fleet, stay, demandingHome(await readBalancers(context, fleet)))
}

/** The same, with hosts whose users are elsewhere as problems. */
function demandingHome(served: Served): Served {
  return { ...served, problems: [...served.problems, ...astrayProblems(served)] }
}

/** For a restart, after which all hosts serve what they did: those that take no part serve users meanwhile. */
export async function courseOfRestart(context: Context, flags: TransactionFlags, fleet: Fleet): Promise<Course> {
  const served = withOutside(await readBalancers(context, fleet))
  return courseBy(context, flags, fleet, new Set(), demandingHome(served))
}

/** For a repair: a balancer that cannot be told does not keep a mixed fleet from becoming whole. */
export async function courseOfRepair(
  context: Context,
  flags: TransactionFlags,
  fleet: Fleet,
  stay: ReadonlySet<string>,
): Promise<Course> {
  return courseBy(context, flags, fleet, stay, await usableBalancers(context, fleet))
}

/** For hosts that a repair puts back, together: drained where others serve meanwhile, and kept from it by no rule of the rollout. */
export async function courseBack(context: Context, fleet: Fleet, stay: ReadonlySet<string>): Promise<Course> {
  const served = await usableBalancers(context, fleet)
  return { rollout: backOf(context, fleet, served, stay), balancers: runBalancers(context, fleet, served) }
}

/** For a repair that swaps nothing: users may have to be sent back to the ports that they came from. */
export async function courseHome(context: Context, fleet: Fleet): Promise<Partial<Course>> {
  const isPorted = context.config.restart.some(({ ports }) => ports !== undefined)
  const hadPorts = fleet.some(({ state }) => Object.keys(state.ports).length > 0)
  return isPorted || hadPorts ? courseBack(context, fleet, new Set()) : {}
}

export function backOf(context: Context, fleet: Fleet, served: Served, stay: ReadonlySet<string> = new Set()): Rollout {
  return planRollout(context, fleet, served, stay, { batch: '100%', canary: null, minUp: null }) as Rollout
}

async function usableBalancers(context: Context, fleet: Fleet): Promise<Served> {
  const served = await readBalancers(context, fleet)
  demandNone(served.stranded)
  for (const { text } of served.problems)
    context.emit({ type: 'note', level: 'warning', host: null, text: `going on without the balancer: ${text}` })
  return served.problems.length === 0 ? served : { ...served, balancers: [], problems: [] }
}

function courseBy(
  context: Context,
  flags: TransactionFlags,
  fleet: Fleet,
  stay: ReadonlySet<string>,
  served: Served,
): Course {
  noteByHand(context, served)
  const rollout = planRollout(context, fleet, served, stay)
  demandNone([...served.problems, ...rolloutProblems(rollout)])
  const possible = rollout as Rollout
  demandDecisions(context, flags, possible)
  return { rollout: possible, balancers: runBalancers(context, fleet, served) }
}

/** For a dry run: the way that the hosts would go. Throws PreflightError where there is none. */
export async function demandPossible(context: Context, fleet: Fleet, restarts = false): Promise<Rollout> {
  const read = demandingHome(await readBalancers(context, fleet))
  const served = restarts ? withOutside(read) : read
  noteByHand(context, served)
  const rollout = planRollout(context, fleet, served, new Set())
  demandNone([...served.problems, ...rolloutProblems(rollout)])
  return rollout as Rollout
}

function demandDecisions({ io }: Context, flags: TransactionFlags, { batches, canary }: Rollout): void {
  if (batches.length > 1 && flags.rollback === false)
    throw new UsageError('--no-rollback goes with a rollout of all hosts at once, and this one has batches.')
  if (canary?.confirm && !flags.yes && !io.canAsk)
    throw new UsageError(
      'the canary needs a decision: pass --yes (nobody can be asked: stdin or stderr is not a terminal, or --no-input was given), or let rollout.canary.check decide.',
    )
}
