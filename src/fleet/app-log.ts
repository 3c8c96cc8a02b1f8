import type { LogStep } from '../plan/plan.js'
import { codes } from '../scripts/shell/codes.js'
import { escapeLines } from '../text/escape.js'
import type { HostFailure } from './outcome.js'
import type { HostRun, Run } from './transaction/run.js'

/** Adds what the app itself said last to a failure: read before the host goes back, when its log is that of the old release again. */
export async function withLog(run: Run, host: HostRun, failure: HostFailure): Promise<HostFailure> {
  const { log } = host.plan
  if (log === null || run.stop.reason() !== null) return failure
  const lines = await logLines(host, log)
  return lines.length === 0 ? failure : { ...failure, log: { source: log.text, lines } }
}

async function logLines(host: HostRun, { script, timeout }: LogStep): Promise<readonly string[]> {
  const { code, stdout } = await host.session.run(script, { timeout })
  if (code === codes.releaseMissing) return [`${linesOf(stdout)[0] ?? 'it'} does not exist`]
  if (code !== 0) return []
  return linesOf(stdout)
}

/** The lines of a log, fit to be shown and however long, without blank ones at its end. */
export function linesOf(stdout: Buffer): readonly string[] {
  const text = stdout.toString('utf8').trimEnd()
  return text === '' ? [] : escapeLines(text, Number.POSITIVE_INFINITY)
}
