import type { ExitCode } from '../../errors.js'
import type { Context } from '../context/context.js'
import type { CommonFlags } from '../context/flags.js'

/** Ends a dry run: with its report on stdout, for people or as JSON, and as the last line of a stream. */
export function tellPlan(
  { emit, io, streams }: Context,
  { json = false }: CommonFlags,
  exitCode: ExitCode,
  plan: object,
  text: string,
): ExitCode {
  const report = { ...plan, exitCode }
  emit({ type: 'run.planned', report })
  if (!streams) io.output.stdout(json ? `${JSON.stringify(report)}\n` : text)
  return exitCode
}
