import type { Outcome } from '../../fleet/outcome.js'
import { busyError } from '../../fleet/store/announce.js'
import { sweep } from '../../fleet/transaction/under-lock.js'
import { planForward } from '../../plan/repair.js'
import type { FleetRecord } from '../../state/host-state.js'
import type { Generation } from '../../store/generation.js'
import type { StoreError } from '../../store/store.js'
import { endOfOther, standingOf } from '../../store/succession.js'
import type { Context } from '../context/context.js'
import type { TransactionFlags } from '../context/flags.js'
import { startRun } from '../context/transact.js'
import { intentFor, nothingToSend } from '../repair/repair-act.js'
import type { RepairFacts } from '../repair/repair-facts.js'
import { heldArtifact, runStore } from './run-store.js'
import { readStore } from './store-report.js'

/** What a repair would do to the store; null: nothing. */
export async function storeBehind(context: Context, { heard }: Pick<RepairFacts, 'heard'>): Promise<string | null> {
  const { record } = heard
  const read = record === null ? null : await readStore(context)
  if (record === null || read === null) return null
  if ('error' in read) {
    if (read.error.fault === 'unsigned') throw read.error
    return null
  }
  return standingOf(read.generation, record.release) === 'even'
    ? null
    : `the store would hear that ${record.release} is served`
}

/** Tells the store what the fleet serves, where it says something else; the outcome with what came of it. */
export async function forwardStore(
  context: Context,
  flags: TransactionFlags,
  facts: RepairFacts,
  outcome: Outcome,
): Promise<Outcome> {
  const { record } = facts.heard
  const read = record === null ? null : await readStore(context)
  if (record === null || read === null) return outcome
  if ('error' in read) return unread(outcome, read.error)
  const { generation } = read
  if (standingOf(generation, record.release) === 'even') return outcome
  if (generation?.state === 'pending' && isForeign(facts, generation))
    return warned(outcome, busyError(context.config.stage, generation).message)
  return told(context, flags, facts, record, outcome)
}

async function told(
  context: Context,
  flags: TransactionFlags,
  facts: RepairFacts,
  { release, digest }: FleetRecord,
  outcome: Outcome,
): Promise<Outcome> {
  const { fleet, given } = facts
  const entry = fleet.flatMap(({ state }) => state.releases.filter(({ id }) => id === release))[0]
  const intent = await intentFor(context, flags, facts, release)
  const plan = planForward({ ...intent, digest, revision: entry?.revision ?? null })
  const store = await runStore(context, plan, () => heldArtifact(context, fleet, { release, digest }))
  const fenced = given.map(({ host }) => host)
  const run = startRun(context, flags, fleet, plan, nothingToSend, { store: store && { ...store, fenced } })
  const halt = await sweep(run)
  const done = run.warnings.reduce(warned, outcome)
  if (halt === null) return done
  const reason = `the store could not be told that the fleet serves ${release}: ${halt.reason}`
  return {
    ...done,
    result: 'mixed',
    exitCode: 6,
    reason: outcome.reason ?? reason,
    next: ['look: clonedeploy status', 'then: clonedeploy repair'],
  }
}

/** A run on hosts that are neither here nor given up may go on. */
function isForeign({ fleet, given }: RepairFacts, pending: Generation): boolean {
  const hosts = [...fleet.map(({ state }) => state.name), ...given.map(({ host }) => host)]
  return endOfOther(pending, { hosts, release: null }) === 'foreign'
}

/** What is signed by nobody who may is for a person, whatever the fleet is. */
function unread(outcome: Outcome, error: StoreError): Outcome {
  if (error.fault !== 'unsigned') return warned(outcome, `what the store says is not known: ${error.message}`)
  const isWhole = outcome.result === 'unchanged' && outcome.exitCode === 0
  const ended = isWhole ? ({ result: 'aborted', exitCode: 3 } as const) : ({ result: 'mixed', exitCode: 6 } as const)
  return { ...outcome, ...ended, reason: outcome.reason ?? error.message, next: error.next }
}

function warned(outcome: Outcome, text: string): Outcome {
  return { ...outcome, warnings: [...outcome.warnings, text] }
}
