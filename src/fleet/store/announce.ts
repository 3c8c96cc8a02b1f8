import { LockedError } from '../../errors.js'
import { findCopy, isCondemned, putCopy, type StoredCopy } from '../../store/artifacts.js'
import type { Generation } from '../../store/generation.js'
import { createGeneration, isSame, newestGeneration } from '../../store/generations.js'
import { StoreError } from '../../store/store.js'
import { type Announcement, endOf, endOfOther, pendingAfter } from '../../store/succession.js'
import { bytesText } from '../../text/units.js'
import { unlessStopped } from '../stop.js'
import type { Halt, Run } from '../transaction/run.js'
import { withProgram } from './keep-program.js'
import type { RunStore } from './run-store.js'
import { storePhase } from './store-phase.js'

/**
 * Tells the store that the run is at work, once that holds the files of the release: nothing is swapped before. Whoever has
 * another inventory, and so other locks, finds it there. Throws LockedError where another run is at work.
 */
export async function announceAll(run: Run): Promise<Halt | null> {
  const { store, plan } = run
  if (store === null || plan.stored === null) return null
  const said = announcementOf(run, plan.stored)
  try {
    const { ok, note } = await storePhase(run, 'announce', async () => {
      const done = await unlessStopped(run.stop, announce(run, store, said))
      return typeof done === 'string' ? { ok: true, note: done } : { ok: false, note: done.stopped }
    })
    return ok ? null : { reason: note, onRequest: true }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return { reason: [error.message, ...error.details].join(' '), next: [...error.next, ...store.instead] }
  }
}

/** What the run says of itself, in the words of the store. */
export function announcementOf(
  { plan }: Run,
  { target, by, at, process }: NonNullable<Run['plan']['stored']>,
): Announcement {
  const { tx, command, app, stage, hosts } = plan
  return { tx, command, app, stage, hosts: hosts.map(({ host }) => host.name), by, at, process, target }
}

async function announce(run: Run, told: RunStore, said: Announcement): Promise<string> {
  const files = await keepFiles(run, told, said)
  const target = await withProgram(run, told.store, said.target, files?.copy ?? null)
  const generation = pendingAfter(await endedBefore(run, told, said), { ...said, target })
  if (run.stop.reason() !== null) return ''
  told.pending = { generation, kept: false }
  const there = await createGeneration(told.store, generation)
  if (!isSame(there, generation)) {
    if (there.tx !== said.tx) told.pending = null
    throw busyError(run.plan.stage, there)
  }
  if (run.stop.reason() === null) told.pending = { generation, kept: true }
  const still = await keptStill(run, told, said, files)
  told.copy = still?.copy ?? null
  if (still !== files && run.stop.reason() === null) {
    const moved = await withProgram(run, told.store, said.target, told.copy)
    told.pending = { generation: { ...generation, target: moved }, kept: true }
  }
  return `${still?.sent ?? ''}generation ${generation.number}`
}

/** The files of a release in the store. `sent`: what was uploaded of them, in words. Null: they are not there. */
type Files = { readonly copy: StoredCopy; readonly sent: string } | null

/** Has the store keep the files of the release, unless it does. */
export async function keepFiles(
  run: Run,
  { store, artifact }: RunStore,
  { app, target }: Announcement,
): Promise<Files> {
  const { release, digest } = target
  if (digest === null) {
    run.warnings.push(`${release} was made by another tool: the store has not got its files`)
    return null
  }
  const copy = await findCopy(store, app, digest)
  if (copy !== null) return { copy, sent: '' }
  const found = await artifact()
  if (found === null) {
    run.warnings.push(`the files of ${release} are neither in the store nor here`)
    return null
  }
  const put = await putCopy(store, app, { release, digest }, found)
  return { copy: put.copy, sent: `${bytesText(put.bytes)} kept, ` }
}

/**
 * Once a generation names the release, no prune begins to remove its files. One that began before has condemned them: they
 * are kept again, as a copy that it does not know.
 */
export async function keptStill(run: Run, store: RunStore, said: Announcement, files: Files): Promise<Files> {
  const isGone = files !== null && (await isCondemned(store.store, said.app, files.copy))
  return isGone ? keepFiles(run, store, said) : files
}

/**
 * The newest generation, once none is pending that another run has left: all its hosts are locked by this one, so it can
 * change nothing any more. Throws LockedError where it can.
 */
export async function endedBefore(
  run: Run,
  { store, now, fenced }: RunStore,
  { by }: Announcement,
): Promise<Generation | null> {
  const { plan } = run
  const newest = await newestGeneration(store, plan)
  if (newest?.state !== 'pending') return newest
  const end = endOfOther(newest, {
    hosts: [...plan.hosts.map(({ host }) => host.name), ...fenced],
    release: plan.target,
  })
  if (end === 'foreign') throw busyError(plan.stage, newest)
  const there = await createGeneration(store, endOf(newest, end, { by, at: now().toISOString() }))
  run.warnings.push(`the store had a ${newest.command} of ${newest.by} as at work: it has ended, and is ${there.state}`)
  return there
}

/** Another run is at work, by the word of the store. */
export function busyError(stage: string, { by, at, command, tx, hosts, target, state }: Generation): LockedError {
  const isOver = state === 'pending' ? '' : `, which has ended: ${state}`
  return new LockedError(`The store says that ${by} changes ${stage} since ${at}${isOver}.`, {
    changed: 'nothing',
    details: [`doing    ${command} of ${target.release}`, `tx       ${tx}`, `on       ${hosts.join(', ')}`],
    next: [
      'look: clonedeploy status',
      'if it has died, with all of these hosts: clonedeploy repair',
      `if it has died, and some of these hosts are gone for good: clonedeploy unlock --tx ${tx}`,
    ],
  })
}
