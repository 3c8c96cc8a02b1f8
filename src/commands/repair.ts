import { MixedError, Refusal, UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import type { Outcome } from '../fleet/outcome.js'
import { isNothing, repairJson, repairText } from '../render/reports/repair.js'
import { hostsToMend } from '../state/decide-repair.js'
import { askToGoOn } from './context/ask.js'
import { type Context, inContext } from './context/context.js'
import type { RepairFlags } from './context/flags.js'
import { demandBoth, givenUp, isRecorded } from './context/hosts/excluded.js'
import { demandListed } from './context/hosts/listed.js'
import type { Io } from './context/io.js'
import { withLockWait } from './context/lock-wait.js'
import { adopts } from './context/owner.js'
import { leave } from './context/read-fleet.js'
import { tellPlan, tellStart } from './context/transact.js'
import { unchanged } from './deploy/unchanged.js'
import { recordOwner } from './repair/record-owner.js'
import { act, leaveOut, SourceError, sends, sourceOf } from './repair/repair-act.js'
import { concluded, goingOnWithout, leftDrained, undrainLeft } from './repair/repair-end.js'
import { type Asked, type RepairFacts, readFacts, repairing } from './repair/repair-facts.js'
import { notBorneOut, trustedHost, trustSteps } from './repair/trust-host.js'
import { forwardStore, storeBehind } from './store/forward-store.js'

/** `clonedeploy repair`: ends what a dead run left, and brings every host to the fleet's release. Safe to repeat. */
export async function repair(io: Io, flags: RepairFlags): Promise<ExitCode> {
  if (flags.exclude !== undefined)
    throw new UsageError(
      'repair looks at all hosts: --exclude goes with deploy and rollback. A host that is out of service for good: --give-up HOST --fenced.',
    )
  demandBoth(flags)
  return inContext(io, flags, async context => {
    const startedAt = performance.now()
    const { config, emit } = context
    tellStart(context, flags, 'repair')
    if (flags.dryRun) return await withLockWait(context, flags, quiet => dryRun(quiet, flags))
    if (config.protected) await askToGoOn(context, flags, `Repair ${config.stage}?`, 'this stage is protected')
    const outcome = await withLockWait(context, flags, quiet =>
      repairFleet(quiet, flags, startedAt, askedFor(context, flags)),
    )
    emit({ type: 'run.end', outcome })
    return outcome.exitCode
  })
}

function askedFor(context: Context, flags: RepairFlags): Asked {
  return { ...repairing, given: givenUp(context, flags), trusted: trustedHost(context, flags) }
}

const mostRounds = 5

/** What the rounds of a repair have done so far. */
interface Progress {
  /** How the last one ended that touched what is served. */
  done: Outcome | null
  /** Something else was changed on hosts. */
  swept: boolean
}

/** One thing at a time, and the fleet is read again after each: what was done is believed only when it can be seen. */
export async function repairFleet(
  context: Context,
  flags: RepairFlags,
  startedAt: number,
  asked: Asked,
  demand: (facts: RepairFacts) => void = () => {},
): Promise<Outcome> {
  const progress: Progress = { done: null, swept: false }
  try {
    return await inRounds(context, flags, startedAt, asked, demand, progress)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    if (progress.done !== null) return apart(progress.done, error)
    if (progress.swept && error.changed === 'nothing')
      throw Object.assign(error, { changed: 'nothing served' } as const)
    throw error
  }
}

async function inRounds(
  context: Context,
  flags: RepairFlags,
  startedAt: number,
  asked: Asked,
  demand: (facts: RepairFacts) => void,
  progress: Progress,
): Promise<Outcome> {
  let { mayRemake, unsourced } = asked
  let unsettled: readonly string[] = []
  const { given, command } = asked
  for (let round = 1; round <= mostRounds; round++) {
    const facts = await readFacts(context, flags, { ...asked, mayRemake, unsourced })
    try {
      const wrong = refusalOf(() => {
        demandDecision(context, facts)
        demand(facts)
      })
      if (wrong !== null) {
        if (progress.done === null) throw wrong
        return concluded(context, facts, apart(progress.done, wrong))
      }
      if (round === 1 && command === 'repair') await demandListed(context, flags, facts.heard.record)
      if (facts.decision.kind === 'nothing') {
        const states = facts.fleet.map(({ state }) => state)
        if (!isRecorded(given, states)) await leaveOut(context, flags, facts)
        else await recordOwner(context, flags, facts.fleet)
        progress.swept ||= !isRecorded(given, states) || adopts(context, flags, facts.fleet)
        const outcome = progress.done ?? (await unchanged(context, facts.fleet, null, startedAt, command))
        const told = await forwardStore(context, flags, facts, outcome)
        return concluded(context, facts, await undrainLeft(context, flags, facts, told))
      }
      unsettled = hostsToMend(
        facts.fleet.map(({ state }) => state),
        facts.decision,
      )
      // An app that changes its own files would have it made again and again.
      mayRemake &&= facts.decision.kind !== 'remake'
      try {
        const outcome = await act(context, flags, facts, startedAt)
        if (outcome === null) progress.swept = true
        else progress.done = withEarlier(progress.done, outcome)
        if (progress.done !== null && progress.done.exitCode !== 0) return concluded(context, facts, progress.done)
      } catch (error) {
        unsourced = whyUnsourced(error, { ...asked, unsourced })
      }
    } finally {
      leave(facts.fleet)
    }
  }
  throw new MixedError(
    `The fleet changes while it is repaired: somebody or something else is at work on ${unsettled.join(', ')}.`,
    { next: ['look: clonedeploy status'] },
  )
}

function withEarlier(done: Outcome | null, outcome: Outcome): Outcome {
  return { ...outcome, warnings: [...new Set([...(done?.warnings ?? []), ...outcome.warnings])] }
}

/** The files of the release cannot be had: a repair goes on without them, and names the hosts. Throws what is no such thing. */
function whyUnsourced(error: unknown, { command, unsourced }: Pick<Asked, 'command' | 'unsourced'>): string {
  if (error instanceof SourceError && command === 'repair' && unsourced === null)
    return error.message.replace(/\.$/, '')
  throw error
}

/** Something was done, and afterwards the fleet was found in another state. */
function apart(done: Outcome, { message: reason }: Refusal): Outcome {
  return {
    ...done,
    result: 'mixed',
    exitCode: 6,
    reason,
    next: ['look: clonedeploy status', 'then: clonedeploy repair'],
  }
}

function refusalOf(act: () => void): Refusal | null {
  try {
    act()
    return null
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** What the files come from is looked for, too: a dry run promises nothing that the run would refuse. */
async function readWithSource(context: Context, flags: RepairFlags, asked: Asked): Promise<RepairFacts> {
  const facts = await readFacts(context, flags, asked)
  const { record } = facts.heard
  if (record === null || !sends(facts.decision)) return facts
  try {
    await sourceOf(context, facts, record)
    return facts
  } catch (error) {
    leave(facts.fleet)
    return readFacts(context, flags, { ...asked, unsourced: whyUnsourced(error, asked) })
  }
}

async function dryRun(context: Context, flags: RepairFlags): Promise<ExitCode> {
  const facts = await readWithSource(context, flags, askedFor(context, flags))
  const [drained, store] = await Promise.all([leftDrained(context, facts), storeBehind(context, facts)]).finally(() =>
    leave(facts.fleet),
  )
  demandDecision(context, facts)
  await demandListed(context, flags, facts.heard.record)
  const { app, stage } = context.config
  const report = {
    app,
    stage,
    decision: facts.decision,
    states: facts.fleet.map(({ state }) => state),
    adopt: adopts(context, flags, facts.fleet),
    beyond: facts.beyond,
    drained,
    store,
    joining: null,
    earlier: [],
    trusted: facts.trusted,
    next: trustSteps(context, facts),
  }
  const changes = flags.detailedExitcode && !isNothing(report) ? 10 : 0
  const exitCode = facts.beyond.size > 0 ? 6 : changes
  return tellPlan(context, flags, exitCode, repairJson(report), repairText(report, context.io.propose))
}

/** Throws MixedError when the records do not tell what has to be done. */
export function demandDecision(context: Context, facts: RepairFacts): void {
  const { fleet, decision, beyond, heard, away } = facts
  const details = [...beyond].map(([name, why]) => `${name}  ${why}`)
  const next = ['look: clonedeploy status']
  if (fleet.length === 0 && heard.alone.length > 0) throw notBorneOut(context, facts)
  if (fleet.length === 0) throw new MixedError('No host could be read.', { changed: 'nothing', details, next })
  if (decision.kind !== 'unknown') return
  const names = decision.hosts.join(', ')
  throw new MixedError(`Whether the swap that a dead run left was confirmed cannot be told without ${names}.`, {
    changed: 'nothing',
    details,
    next: away.length > 0 ? goingOnWithout(away) : [`when ${names} can be read: clonedeploy repair`],
  })
}
