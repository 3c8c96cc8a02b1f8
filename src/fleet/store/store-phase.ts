import type { Phase } from '../outcome.js'
import type { Run } from '../transaction/run.js'

/** What came of a phase at the store, in words. */
interface Told {
  readonly ok: boolean
  readonly note: string
}

/** One phase that no host takes part in, with its events. What it throws is told there, and thrown on. */
export async function storePhase<T extends Told>(run: Run, phase: Phase, act: () => Promise<T>): Promise<T> {
  const began = performance.now()
  const end = ({ ok, note }: Told) => run.emit({ type: 'phase.end', phase, ok, ms: performance.now() - began, note })
  run.emit({ type: 'phase.start', phase })
  try {
    const told = await act()
    end(told)
    return told
  } catch (error) {
    end({ ok: false, note: error instanceof Error ? error.message : String(error) })
    throw error
  }
}
