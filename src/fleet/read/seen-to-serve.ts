import { onEach } from '../each-host.js'
import { askOnce } from '../health/health.js'
import { readProcesses } from '../health/processes.js'
import type { HostRun } from '../transaction/run.js'

/**
 * What a host is seen to serve whose link is back and whose restart failed: `old` only where the app itself names that
 * release, or where it is healthy and every process of it lives in there. An answer alone may come from the new release.
 */
export async function seenToServe({ plan, session }: HostRun): Promise<'old' | 'unhealthy' | 'unknown'> {
  const answers = await onEach(plan.healthOld, 1, step => askOnce(session, step, step.check.tryTimeout))
  if (answers.length === 0) return 'unknown'
  if (answers.some(({ ok }) => !ok)) return 'unhealthy'
  const living = plan.processes && (await readProcesses(session, plan.processes))
  const apps = (living ?? []).filter(({ kind }) => kind === 'app')
  if (apps.some(({ release }) => release === plan.processes?.release)) return 'unknown'
  const named = answers.some(({ served }) => served !== null && served === plan.oldRelease)
  const alone = apps.length > 0 && apps.every(({ release }) => release === plan.oldRelease)
  return named || alone ? 'old' : 'unknown'
}
