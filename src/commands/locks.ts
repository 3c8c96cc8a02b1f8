import type { RunResult } from '../connection/connection.js'
import { LockedError, PreflightError, type Refusal, UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { onEach } from '../fleet/each-host.js'
import { failureOf } from '../fleet/failure.js'
import { lockedError } from '../fleet/lock-holder.js'
import { isTransactionId } from '../release/id.js'
import { jsonReport } from '../render/reports/report-json.js'
import { codes } from '../scripts/shell/codes.js'
import { breakLock, hold } from '../scripts/transaction/lock.js'
import { escapeLine } from '../text/escape.js'
import { counted, listed } from '../text/phrases.js'
import { saysYes } from './context/ask.js'
import { type Context, inContext } from './context/context.js'
import { type AdoptFlags, quietly } from './context/flags.js'
import { Interrupted, type Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { demandFree, type Fleet, survey } from './context/read-fleet.js'
import { holderText, newTransaction } from './context/transact.js'
import { recordOwner } from './repair/record-owner.js'
import { readFleet } from './status.js'
import { endLeft, leftRun } from './store/end-left.js'

interface LockFlags extends AdoptFlags {
  readonly message?: string
  readonly tx?: string
  /** Hosts of a dead run that nobody lists any more can change nothing. */
  readonly fenced?: boolean
}

/** `clonedeploy lock`: holds the lock of every host until `unlock`, so that nobody deploys. All hosts, or none. */
export async function lock(io: Io, flags: LockFlags): Promise<ExitCode> {
  return inContext(io, quietly(flags), async (context): Promise<ExitCode> => {
    const fleet = demandOurs(context, flags, await survey(context))
    demandFree(context, fleet)
    await recordOwner(context, flags, fleet)
    const now = io.now()
    const tx = newTransaction(now)
    const holder = holderText(context, { tx, command: 'lock', reason: flags.message, now })
    const results = await onEach(fleet, context.concurrency, async ({ session, state }) =>
      session.run(hold({ root: state.root, tx }, holder), { timeout: 20_000 }),
    )
    const failed = fleet.filter((_, i) => results[i]?.code !== 0)
    if (failed.length > 0) {
      await onEach(fleet, context.concurrency, ({ session, state }) =>
        session.run(breakLock({ root: state.root, tx }), { timeout: 20_000 }),
      )
      const names = failed.map(({ state }) => state.name).join(', ')
      if (results.some(result => result.code === codes.locked))
        throw new LockedError(`${context.config.stage} is locked already, on ${names}.`, {
          changed: 'nothing',
          next: ['look: clonedeploy status'],
        })
      throw new PreflightError(`The lock could not be taken on ${names}.`, { changed: 'nothing' })
    }
    io.output.stdout(
      flags.json
        ? jsonReport(
            { command: 'lock', result: 'locked', exitCode: 0, stage: context.config.stage },
            { tx, hosts: fleet.map(({ state }) => state.name) },
          )
        : `locked ${counted(fleet.length, 'host')}   tx ${tx}\n  release it: ${io.propose(`clonedeploy unlock --tx ${tx}`)}\n`,
    )
    return 0
  })
}

/**
 * `clonedeploy unlock`: releases the lock that a person is shown, or names by `--tx`, and never a newer one. Where no host has
 * it, ends the run of that id which the store has as at work.
 */
export async function unlock(io: Io, flags: LockFlags): Promise<ExitCode> {
  if (flags.tx !== undefined && !isTransactionId(flags.tx))
    throw new UsageError(`"${flags.tx}" is not the id of a lock.`)
  if (flags.fenced && flags.tx === undefined) throw new UsageError('--fenced goes with --tx ID.')
  return inContext(io, quietly(flags), async context => {
    const { fleet, read } = await readFleet(context)
    const ours = demandOurs(context, flags, read)
    const away = fleet.hosts.filter(({ state }) => state === null).map(({ name }) => name)
    const left = await leftRun(context, flags.tx ?? null, ours)
    if (left !== null) return endLeft(context, flags, left, { fleet: ours, away })
    const tx = flags.tx ?? (await chosenLock(context, flags, ours, away))
    return tx === null ? tellFree(context, flags) : release(context, flags, tx, ours, away)
  })
}

/** Shows the lock, and asks; null: there is none. Throws where nobody can be asked: that one was seen is what `--tx` says. */
async function chosenLock(
  context: Context,
  flags: LockFlags,
  fleet: Fleet,
  away: readonly string[],
): Promise<string | null> {
  const held = fleet.filter(({ state }) => state.lock.held)
  if (held.length === 0 && away.length === 0) return null
  const { tx, shown } = demandOne(context, held, away)
  const { details, next, message } = shown
  const { io } = context
  if (!io.canAsk) {
    const asked = flags.yes ? '--yes does not say which lock you saw' : 'nobody can be asked'
    throw new UsageError(`${message.replace(/\.$/, '')}, and ${asked}.`, { changed: 'nothing', details, next })
  }
  io.output.stderr(`${[message, '', ...details.map(line => `  ${line}`)].map(line => escapeLine(line)).join('\n')}\n\n`)
  if (!(await context.asking(() => saysYes('Release this lock?')))) throw new Interrupted('you said no')
  return tx
}

/** What the one lock says of itself. Throws where there is none to choose, or more than one. */
function demandOne(
  { config }: Context,
  held: Fleet,
  away: readonly string[],
): { readonly tx: string; readonly shown: Refusal } {
  const ids = [...new Set(held.map(({ state }) => state.lock.holder?.tx))]
  const [tx] = ids
  const lock = held[0]?.state.lock
  if (lock === undefined)
    throw new PreflightError(`No host that answers is locked; ${listed(away)} could not be read.`, {
      changed: 'nothing',
      next: ['look: clonedeploy status'],
    })
  if (ids.length === 1 && tx !== undefined) {
    const seen = held.map(({ state }) => state.name)
    const { message, details } = lockedError(config.stage, lock.holder, seen, lock.age)
    return { tx, shown: new LockedError(message, { details, next: [`release it: clonedeploy unlock --tx ${tx}`] }) }
  }
  throw new UsageError('The hosts do not hold one and the same lock: name the one that you mean.', {
    changed: 'nothing',
    details: held.map(({ state }) => `${state.name}  ${state.lock.holder?.tx ?? 'a lock without a holder'}`),
    next: ids.flatMap(id => (id === undefined ? [] : [`clonedeploy unlock --tx ${id}`])),
  })
}

function tellFree({ config, io }: Context, flags: LockFlags): ExitCode {
  const ended = { command: 'unlock', result: 'unchanged', exitCode: 0, stage: config.stage }
  io.output.stdout(flags.json ? jsonReport(ended, { tx: null, hosts: [] }) : 'Nothing to do: no host is locked.\n')
  return 0
}

/** Of the hosts that answer; those that are away keep their lock, if they have it, and are named. */
async function release(
  context: Context,
  flags: LockFlags,
  tx: string,
  read: Fleet,
  away: readonly string[],
): Promise<ExitCode> {
  const held = read.filter(({ state }) => state.lock.held && state.lock.holder?.tx === tx)
  if (held.length === 0) {
    const unread = away.length === 0 ? [] : [`could not be read: ${away.join(', ')}`]
    throw new UsageError(`No host${away.length === 0 ? '' : ' that answers'} is locked by ${tx}.`, {
      changed: 'nothing',
      details: unread,
      next: ['look: clonedeploy status'],
    })
  }
  const results = await onEach(held, context.concurrency, ({ session, state }) =>
    session.run(breakLock({ root: state.root, tx }), { timeout: 20_000 }),
  )
  const failed = held.flatMap(({ state }, i) => {
    const result = results[i] as RunResult
    const attempt = { phase: 'lock', step: 'unlock', text: 'unlock', timeout: 20_000 } as const
    return result.code === 0 ? [] : [`${state.name}  ${failureOf(attempt, result).message}`]
  })
  if (failed.length > 0)
    throw new PreflightError(`The lock was not released on ${failed.length} of ${counted(held.length, 'host')}.`, {
      details: failed,
      next: ['fix: clonedeploy repair'],
    })
  const { output } = context.io
  const hosts = held.map(({ state }) => state.name)
  const [result, exitCode] = away.length === 0 ? (['unlocked', 0] as const) : (['incomplete', 6] as const)
  output.stdout(
    flags.json
      ? jsonReport(
          { command: 'unlock', result, exitCode, stage: context.config.stage },
          { tx, hosts, ...(away.length === 0 ? {} : { away }) },
        )
      : `unlocked ${counted(hosts.length, 'host')}\n`,
  )
  if (away.length === 0) return 0
  const next = context.io.propose(`clonedeploy unlock --tx ${tx}`)
  output.stderr(`✖ ${away.join(', ')} could not be read: a lock there stays.\n  again: ${next}\n`)
  return 6
}
