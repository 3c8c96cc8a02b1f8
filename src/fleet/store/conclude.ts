import { createGeneration, isSame } from '../../store/generations.js'
import { type End, endOf } from '../../store/succession.js'
import { within } from '../../time-limit.js'
import type { Halt, Run } from '../transaction/run.js'
import type { RunStore } from './run-store.js'
import { storePhase } from './store-phase.js'

/** Milliseconds that the fleet waits, locked, for a store to hear how it went. */
const longest = 30_000

/** Tells the store that every host is on the release. It was confirmed on the hosts: nothing here can fail it. */
export async function concludeAll(run: Run): Promise<Halt | null> {
  if (run.store?.pending == null) return null
  sayTree(run)
  await storePhase(run, 'conclude', async () => {
    const told = await tell(run, { state: 'confirmed' })
    return told === null ? { ok: false, note: 'not told' } : { ok: true, note: `generation ${told}` }
  })
  return null
}

/** What the hooks have made, where that is the same on all hosts: machines that boot compare theirs. */
function sayTree({ hosts, store }: Run): void {
  const trees = new Set(hosts.map(({ tree }) => tree))
  const [tree = null] = trees
  if (store?.pending == null || trees.size !== 1 || tree === null) return
  const { generation } = store.pending
  store.pending = { ...store.pending, generation: { ...generation, target: { ...generation.target, tree } } }
}

/** Tells the store that no host is on the release: while the hosts are still locked, so that nobody else says it first. */
export async function withdraw(run: Run, { reason }: Halt, bad: boolean): Promise<void> {
  await tell(run, { state: 'withdrawn', reason, bad })
}

/** The number of the generation that says so. Null where nothing was begun there; and, with a warning, where it may not say so. */
async function tell(run: Run, end: End): Promise<number | null> {
  const { store } = run
  if (store?.pending == null) return null
  const { pending } = store
  store.pending = null
  try {
    return await within(longest, endIn(store, pending, end))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    run.warnings.push(
      `the store may not say that this was ${end.state}: ${why} The next deploy tells it, or: clonedeploy repair`,
    )
    return null
  }
}

/**
 * Where it is not known whether the store holds the generation that is to be ended, the end takes its number first: what
 * comes to be there is this end, or that generation, or another run's.
 */
async function endIn({ store, now }: RunStore, pending: NonNullable<RunStore['pending']>, end: End): Promise<number> {
  const { generation, kept } = pending
  const ended = endOf(generation, end, { by: generation.by, at: now().toISOString() })
  if (!kept) {
    const first = await createGeneration(store, { ...ended, number: generation.number })
    if (!isSame(first, generation)) return first.number
  }
  const there = await createGeneration(store, ended)
  if (!isSame(there, ended)) throw new Error(`generation ${there.number} is ${there.state}, by ${there.by}.`)
  return there.number
}
