import { MixedError, PreflightError } from '../errors.js'
import type { HostState, ReleaseState } from '../state/host-state.js'
import { currentEntry, currentRelease } from '../state/releases.js'
import { restartPhases } from './phase-order.js'
import type { Plan } from './plan.js'
import { type Intent, planTransaction } from './transaction.js'

/** Nothing is prepared and nothing swapped: of what every transaction can do, its lock, restart and health are used. */
export function planRestart(intent: Intent): Plan {
  const none = () => []
  const plan = planTransaction(intent, none, none)
  return { ...plan, phases: restartPhases(plan) }
}

/** The release that all of these hosts serve. Throws PreflightError when they serve none, MixedError when they differ. */
export function demandOne(
  states: readonly HostState[],
): Pick<ReleaseState, 'digest' | 'revision'> & { readonly release: string } {
  const served = new Set(states.map(currentRelease))
  const [release = null] = served
  if (served.size > 1)
    throw new MixedError('The hosts do not serve the same release.', {
      changed: 'nothing',
      details: states.map(state => `${state.name}  ${currentRelease(state) ?? 'nothing'}`),
      next: ['look: clonedeploy status', 'first: clonedeploy repair'],
    })
  if (release === null)
    throw new PreflightError('No host serves a release yet: there is nothing to restart.', {
      next: ['first: clonedeploy deploy'],
    })
  const entry = currentEntry(states[0] as HostState)
  return { release, digest: entry?.digest ?? null, revision: entry?.revision ?? null }
}
