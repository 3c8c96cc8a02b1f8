import { busyError } from '../../fleet/store/announce.js'
import type { Plan } from '../../plan/plan.js'
import { StoreError } from '../../store/store.js'
import { endOfOther } from '../../store/succession.js'
import type { Context } from '../context/context.js'
import type { Fleet } from '../context/read-fleet.js'
import { insteadOf } from './run-store.js'
import { readStore } from './store-report.js'

/** Whether the store can be told of a run on these hosts: before anything is built or asked. Throws StoreError, LockedError. */
export async function demandStore(context: Context, fleet: Fleet, command: Plan['command']): Promise<void> {
  const read = await readStore(context)
  if (read === null) return
  const without = (error: StoreError) => Object.assign(error, { next: [...error.next, ...insteadOf(context, command)] })
  if ('error' in read) throw without(read.error)
  await context.store.trySigning().catch(error => Promise.reject(error instanceof StoreError ? without(error) : error))
  const { generation } = read
  if (generation?.state !== 'pending') return
  const hosts = fleet.map(({ state }) => state.name)
  if (endOfOther(generation, { hosts, release: null }) === 'foreign') throw busyError(context.config.stage, generation)
}
