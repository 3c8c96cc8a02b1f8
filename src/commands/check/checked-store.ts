import type { CheckedStore, CheckProblem } from '../../render/reports/check.js'
import { newestGeneration } from '../../store/generations.js'
import { probeStore } from '../../store/probe.js'
import { StoreError } from '../../store/store.js'
import type { Context } from '../context/context.js'
import { orInterrupt } from '../context/read-fleet.js'

interface StoreCheck {
  /** Null: the configuration names none. */
  readonly store: CheckedStore | null
  readonly problems: readonly (CheckProblem & Required<Pick<CheckProblem, 'details' | 'next'>>)[]
}

/** Has the store do what a deploy would have it do, under a key that it removes again. */
export async function checkStore(context: Context): Promise<StoreCheck> {
  const store = await context.store.open()
  if (store === null) return { store: null, problems: [] }
  const { name } = store
  const fault = await orInterrupt(
    context,
    probed(async () => {
      await probeStore(store, context.config.app)
      await newestGeneration(store, context.config)
      await context.store.trySigning()
    }),
  )
  if (fault.error === null) return { store: { name, fault: null }, problems: [] }
  const { message: text, details, fault: kind } = fault.error
  const next = fault.error.next.filter(line => line !== StoreError.look)
  return { store: { name, fault: kind }, problems: [{ host: name, text, fix: next.at(-1) ?? null, details, next }] }
}

async function probed(probe: () => Promise<void>): Promise<{ readonly error: StoreError | null }> {
  try {
    await probe()
    return { error: null }
  } catch (error) {
    if (error instanceof StoreError) return { error }
    throw error
  }
}
