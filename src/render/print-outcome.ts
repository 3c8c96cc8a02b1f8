import type { Outcome } from '../fleet/outcome.js'
import type { Output } from './output.js'
import type { Paint } from './paint.js'
import { outcomeText, resultLine } from './reports/outcome.js'
import { outcomeJson } from './reports/outcome-json.js'

/** The end of a run: words for people on stderr, the result for programs on stdout (JSON, or one line where it is wanted). */
export function tellOutcome(
  outcome: Outcome,
  output: Output,
  paint: Paint,
  options: { readonly json: boolean; readonly line: boolean },
): void {
  output.stderr(`\n${outcomeText(outcome, paint)}`)
  if (options.json) output.stdout(`${JSON.stringify(outcomeJson(outcome))}\n`)
  else if (options.line) output.stdout(`${resultLine(outcome)}\n`)
}
