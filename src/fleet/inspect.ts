import { PreflightError } from '../errors.js'
import type { HostState } from '../inventory/state.js'
import { inspect } from '../scripts/inspect.js'
import { parseInspect } from '../scripts/parse-inspect.js'
import { onEach } from './each.js'
import { failureOf } from './failure.js'
import type { Session } from './session.js'

export interface Inspected {
  readonly session: Session
  readonly state: HostState | null
  readonly error: string | null
}

const timeout = 30_000

/** Reads the state of every host: one script, one answer each; nothing is changed. */
export async function inspectAll(
  sessions: readonly Session[],
  sharedFiles: readonly string[],
  concurrency: number,
): Promise<readonly Inspected[]> {
  return onEach(sessions, concurrency, async session => {
    const result = await session.run(inspect(session.host.deployTo, sharedFiles), { timeout })
    if (result.code === 0) return { session, state: parseInspect(session.host.name, result.stdout), error: null }
    const failure = failureOf({ phase: 'check', step: 'inspect', text: 'inspect', timeout }, result)
    return { session, state: null, error: [failure.message, ...failure.output.slice(-3)].join('\n') }
  })
}

/** Stops the run when a host could not be read. */
export function demandStates(
  inspected: readonly Inspected[],
): readonly { readonly session: Session; readonly state: HostState }[] {
  const failed = inspected.filter(({ state }) => state === null)
  if (failed.length > 0) {
    throw new PreflightError(
      `${failed.map(({ session }) => session.host.name).join(', ')} could not be read. Nothing was changed.`,
      {
        details: failed.map(({ session, error }) => `${session.host.name}  ${error}`),
      },
    )
  }
  return inspected.map(({ session, state }) => ({ session, state: state as HostState }))
}
