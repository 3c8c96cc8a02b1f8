import { LockedError, PreflightError, UsageError } from '../../errors.js'
import type { ExitCode } from '../../exit-code.js'
import { busyError } from '../../fleet/store/announce.js'
import { jsonReport } from '../../render/reports/report-json.js'
import { inDoubt } from '../../state/preflight.js'
import type { Generation } from '../../store/generation.js'
import { createGeneration, isSame } from '../../store/generations.js'
import { endOf, endOfOther } from '../../store/succession.js'
import { escapeLine } from '../../text/escape.js'
import { listed } from '../../text/phrases.js'
import { saysYes } from '../context/ask.js'
import type { Context } from '../context/context.js'
import type { CommonFlags } from '../context/flags.js'
import { recordOf } from '../context/hosts/listed.js'
import { Interrupted } from '../context/io.js'
import type { Fleet } from '../context/read-fleet.js'
import { isLiving } from '../context/this-process.js'
import { readStore } from './store-report.js'

/** What is known of the hosts that are listed: those that answered, and the names of those that did not. */
interface Known {
  readonly fleet: Fleet
  readonly away: readonly string[]
}

interface EndFlags extends CommonFlags {
  readonly fenced?: boolean
}

/**
 * The run that the store has as at work; null: none, or not the one with this id (null: any), or hosts are locked, of which
 * there is more to say. Throws StoreError where an id was given that no host has, and the store cannot be asked.
 */
export async function leftRun(context: Context, tx: string | null, fleet: Fleet): Promise<Generation | null> {
  const locks = fleet.flatMap(({ state: { lock } }) => (lock.held ? [lock.holder?.tx ?? ''] : []))
  if (tx === null ? locks.length > 0 : locks.includes(tx)) return null
  const read = await readStore(context)
  if (read === null) return null
  if ('error' in read) {
    if (tx === null) return null
    throw read.error
  }
  const { generation } = read
  return generation?.state === 'pending' && (tx === null || generation.tx === tx) ? generation : null
}

/**
 * Says in the store how a run ended that has hosts which nobody lists any more: no repair can lock them. A person is shown it
 * first, and says that these hosts are out of service. Throws where the run may still be at work.
 */
export async function endLeft(context: Context, flags: EndFlags, left: Generation, known: Known): Promise<ExitCode> {
  const gone = demandDead(context, left, known)
  await demandFenced(context, flags, left, gone)
  const ended = await end(context, left, known)
  const { number, state, tx, command } = ended
  const { stage } = context.config
  const report = { command: 'unlock', result: 'unlocked', exitCode: 0, stage }
  const store = { name: context.store.name, generation: number, state }
  context.io.output.stdout(
    flags.json
      ? jsonReport(report, { tx, hosts: [], store })
      : `ended the ${command} of ${left.by} in the store   generation ${number}, ${state}\n`,
  )
  return 0
}

/** The hosts of the run that nobody lists. Throws where it may be at work, or where a repair can tell how it ended. */
function demandDead({ config, io }: Context, left: Generation, { fleet, away }: Known): readonly string[] {
  if (left.process !== null && isLiving(left.process))
    throw busy(left, config.stage, `process  ${left.process.pid} on this machine, which is still there`)
  const unread = left.hosts.filter(name => away.includes(name))
  if (unread.length > 0)
    throw refused(left, `${listed(unread)} could not be read, and may be changing`, [
      'look: clonedeploy status',
      `if no user reaches ${unread.length === 1 ? 'it' : 'them'}: ${io.propose(`clonedeploy repair --give-up ${unread.join(',')} --fenced`)}`,
    ])
  const doubtful = fleet.filter(({ state }) => inDoubt(state).some(({ id }) => id === left.tx))
  const listedHere = new Set(config.hosts.map(({ name }) => name))
  const gone = left.hosts.filter(name => !listedHere.has(name))
  if (doubtful.length > 0 || gone.length === 0)
    throw refused(left, 'a repair can tell how it ended', ['fix: clonedeploy repair'])
  return gone
}

/** Shows the run, and asks; throws where nobody can be asked and --fenced was not said. */
async function demandFenced(
  { config, io, asking }: Context,
  flags: EndFlags,
  left: Generation,
  gone: readonly string[],
): Promise<void> {
  if (flags.fenced) return
  const { message, details } = busyError(config.stage, left)
  const shown = [
    ...details,
    `unknown  ${gone.join(', ')}: not listed, so nothing is known of ${gone.length === 1 ? 'it' : 'them'}`,
  ]
  if (!io.canAsk)
    throw new UsageError(`${message} Whether hosts that nobody lists are out of service is for you to say.`, {
      changed: 'nothing',
      details: shown,
      next: [
        `if the run has died, and no user reaches them: ${io.propose(`clonedeploy unlock --tx ${left.tx} --fenced`)}`,
      ],
    })
  io.output.stderr(`${[message, '', ...shown.map(line => `  ${line}`)].map(line => escapeLine(line)).join('\n')}\n\n`)
  const question = `Has it died, and is ${escapeLine(gone.join(', '))} out of service?`
  if (!(await asking(() => saysYes(question)))) throw new Interrupted('you said no')
}

/** The fleet's own record says whether it was confirmed. Throws LockedError where somebody else ended it meanwhile. */
async function end(context: Context, left: Generation, { fleet }: Known): Promise<Generation> {
  const { who, from, config, io } = context
  const release =
    recordOf(
      context,
      fleet.map(({ state }) => state),
    )?.release ?? null
  const how = endOfOther(left, { hosts: left.hosts, release })
  const store = await context.store.open()
  if (store === null || how === 'foreign') throw new Error('a run that only the store knows, and no store')
  const ended = endOf(left, how, { by: `${who}@${from}`, at: io.now().toISOString() })
  const there = await createGeneration(store, ended)
  if (!isSame(there, ended)) throw busyError(config.stage, there)
  return there
}

function busy(left: Generation, stage: string, why: string): LockedError {
  const { message, details } = busyError(stage, left)
  return new LockedError(message, {
    changed: 'nothing',
    details: [...details, why],
    next: ['look: clonedeploy status'],
  })
}

function refused({ command, by }: Generation, why: string, next: readonly string[]): PreflightError {
  return new PreflightError(`The store has the ${command} of ${by} as at work: ${why}.`, { changed: 'nothing', next })
}
