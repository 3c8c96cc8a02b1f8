import type { ExitCode } from '../errors.js'
import type { Outcome } from '../fleet/outcome.js'
import { currentRelease } from '../plan/transaction.js'
import type { Context } from './context.js'
import type { Fleet } from './survey.js'

/** Ends a run that has nothing to do: every host was read and serves this digest. */
export function tellUnchanged(
  context: Context,
  fleet: Fleet,
  digest: string | null,
  startedAt: number,
  command: Outcome['command'] = 'deploy',
): ExitCode {
  context.emit({ type: 'run.end', outcome: unchanged(context, fleet, digest, startedAt, command) })
  return 0
}

export function unchanged(
  context: Context,
  fleet: Fleet,
  digest: string | null,
  startedAt: number,
  command: Outcome['command'],
): Outcome {
  const release = currentRelease((fleet[0] as Fleet[number]).state) ?? ''
  return {
    command,
    app: context.config.app,
    stage: context.config.stage,
    result: 'unchanged',
    exitCode: 0,
    release,
    previous: release,
    digest,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    bytes: 0,
    swapWindowMs: null,
    hosts: fleet.map(({ session, state }) => ({
      name: state.name,
      current: currentRelease(state),
      digest,
      healthy: null,
      bytes: session.bytes(),
      error: null,
    })),
    reason: null,
    next: [],
    warnings: [],
    log: null,
  }
}
