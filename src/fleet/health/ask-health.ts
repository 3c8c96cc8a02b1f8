import type { HealthStep } from '../../plan/plan.js'
import { onEach } from '../each.js'
import type { Emit } from '../events.js'
import type { HostFailure } from '../outcome.js'
import type { Session } from '../session.js'
import type { Stop } from '../stop.js'
import { checkHealth } from './health.js'

/** A host, and what is asked of it. */
export interface Asked {
  readonly session: Session
  readonly steps: readonly HealthStep[]
}

interface Telling {
  readonly emit: Emit
  readonly stop: Stop
  readonly concurrency: number
}

/** Asks hosts that nothing was done to, as long as after a swap; each host's failure, null where all is well. */
export async function askHealth(asked: readonly Asked[], telling: Telling): Promise<readonly (HostFailure | null)[]> {
  const { emit, concurrency } = telling
  if (asked.every(({ steps }) => steps.length === 0)) return asked.map(() => null)
  const began = performance.now()
  emit({ type: 'phase.start', phase: 'health' })
  const failures = await onEach(asked, concurrency, one => askHost(one, telling))
  const well = failures.filter(failure => failure === null).length
  const note = `${well}/${asked.length}`
  emit({ type: 'phase.end', phase: 'health', ok: well === asked.length, ms: performance.now() - began, note })
  return failures
}

async function askHost({ session, steps }: Asked, { emit, stop }: Telling): Promise<HostFailure | null> {
  const at = { phase: 'health', step: 'health', host: session.host.name } as const
  for (const step of steps) {
    emit({ type: 'host.start', ...at })
    const began = performance.now()
    const { ok, note, output } = await checkHealth(session, step, stop)
    emit({ type: 'host.end', ...at, ok, ms: performance.now() - began, note })
    if (!ok) return { phase: 'health', step: 'health', message: note, hint: null, output }
  }
  return null
}
