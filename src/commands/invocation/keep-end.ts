import { append, refusedLine } from '../../render/refusal.js'
import { type BrokenEnd, isTransaction } from '../../render/reports/broken-end.js'
import { escapeLine } from '../../text/escape.js'
import type { Invocation } from './invocation.js'

/** Keeps the end of a command that came to no outcome, wherever the ends of runs are kept; gives what could not be written. */
export function keepEnd(
  report: BrokenEnd['report'],
  keep: Invocation['keep'],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const file = isTransaction(report.command) ? env.CLONEDEPLOY_OUTPUT_FILE : undefined
  return [...kept(keep, report), ...(file ? append(file, refusedLine(report, new Date())) : [])]
}

/** What cannot be kept is told, and changes nothing. */
function kept(keep: Invocation['keep'], report: object): readonly string[] {
  try {
    keep(report)
    return []
  } catch (error) {
    return [`the end of this run is not kept for \`clonedeploy report\`: ${escapeLine(String(error), 300)}`]
  }
}
