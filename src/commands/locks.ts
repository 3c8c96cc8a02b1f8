import type { RunResult } from '../connection/connection.js'
import { LockedError, PreflightError, UsageError } from '../errors.js'
import type { ExitCode } from '../exit-code.js'
import { onEach } from '../fleet/each-host.js'
import { failureOf } from '../fleet/failure.js'
import { isTransactionId } from '../release/id.js'
import { codes } from '../scripts/shell/codes.js'
import { breakLock, hold } from '../scripts/transaction/lock.js'
import { type Context, inContext } from './context/context.js'
import { type AdoptFlags, quietly } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { demandFree, type Fleet, survey } from './context/read-fleet.js'
import { holderText, newTransaction } from './context/transact.js'
import { recordOwner } from './repair/record-owner.js'
import { readFleet } from './status.js'

interface LockFlags extends AdoptFlags {
  readonly message?: string
  readonly tx?: string
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
        ? `${JSON.stringify({ v: 1, command: 'lock', tx, hosts: fleet.map(({ state }) => state.name) })}\n`
        : `locked ${fleet.length} hosts   tx ${tx}\n  give it back: ${io.propose(`clonedeploy unlock --tx ${tx}`)}\n`,
    )
    return 0
  })
}

/** `clonedeploy unlock --tx ID`: takes the lock away from the holder that was seen, never from a newer one. */
export async function unlock(io: Io, flags: LockFlags): Promise<ExitCode> {
  const { tx } = flags
  if (tx === undefined)
    throw new UsageError('unlock needs the id of the lock that you saw: clonedeploy unlock --tx ID', {
      next: ['see it: clonedeploy status'],
    })
  if (!isTransactionId(tx)) throw new UsageError(`"${tx}" is not the id of a lock.`)
  return inContext(io, quietly(flags), async context => {
    const { fleet, read } = await readFleet(context)
    return giveBack(
      context,
      flags,
      tx,
      demandOurs(context, flags, read),
      fleet.hosts.filter(({ state }) => state === null).map(({ name }) => name),
    )
  })
}

/** Of the hosts that answer; those that are away keep their lock, if they have it, and are named. */
async function giveBack(
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
    throw new PreflightError(`The lock was not given back on ${failed.length} of ${held.length} hosts.`, {
      details: failed,
      next: ['fix: clonedeploy repair'],
    })
  const { output } = context.io
  const hosts = held.map(({ state }) => state.name)
  output.stdout(
    flags.json
      ? `${JSON.stringify({ v: 1, command: 'unlock', tx, hosts, ...(away.length === 0 ? {} : { away }) })}\n`
      : `unlocked ${hosts.length} hosts\n`,
  )
  if (away.length === 0) return 0
  const next = context.io.propose(`clonedeploy unlock --tx ${tx}`)
  output.stderr(`✖ ${away.join(', ')} could not be read: a lock there stays.\n  again: ${next}\n`)
  return 6
}
