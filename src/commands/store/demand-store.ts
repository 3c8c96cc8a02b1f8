import { busyError } from '../../fleet/store/announce.js'
import type { Plan } from '../../plan/plan.js'
import { newestGeneration } from '../../store/generations.js'
import { StoreError } from '../../store/store.js'
import { endOfOther } from '../../store/succession.js'
import type { Context } from '../context/context.js'
import { type Fleet, orInterrupt } from '../context/read-fleet.js'
import { insteadOf } from './run-store.js'

/** Whether the store can be told of a run on these hosts: before anything is built or asked. Throws StoreError, LockedError. */
export async function demandStore(context: Context, fleet: Fleet, command: Plan['command']): Promise<void> {
  const { config, store } = context
  if (store.name === null) return
  const reading = store.open().then(open => (open === null ? null : newestGeneration(open, config)))
  const newest = await orInterrupt(
    context,
    reading.then(
      generation => ({ generation }),
      error => Promise.reject(error instanceof StoreError ? withNext(error, insteadOf(context, command)) : error),
    ),
  )
  const { generation } = newest
  if (generation?.state !== 'pending') return
  const hosts = fleet.map(({ state }) => state.name)
  if (endOfOther(generation, { hosts, release: null }) === 'foreign') throw busyError(config.stage, generation)
}

function withNext(error: StoreError, instead: readonly string[]): StoreError {
  return Object.assign(error, { next: [...error.next, ...instead] })
}
