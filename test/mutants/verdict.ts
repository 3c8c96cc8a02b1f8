import type { Mutant } from './mutant.js'
import type { Report, Test } from './scratch.js'

/** How a mutant ended. Only `noticed` is good: a test ran to an assertion, and that failed. */
export interface Verdict {
  readonly mutant: Mutant
  readonly end: 'noticed' | 'SURVIVED' | 'does not build' | 'no test ran' | 'ran out of time'
  /** The first test that failed. */
  readonly by: Test | null
  readonly seconds: number
}

/** `report`: null where the broken program could not be built. */
export function verdictOf(mutant: Mutant, report: Report | null, seconds: number): Verdict {
  const by = report?.tests.find(hasNoticed) ?? null
  return { mutant, end: endOf(report, by), by, seconds }
}

/** As a table in Markdown. */
export function asTable(verdicts: readonly Verdict[]): string {
  const head = ['mutant', 'what it breaks', 'noticed by', 'seconds']
  const rows = verdicts.map(({ mutant, end, by, seconds }) => [
    mutant.name,
    mutant.breaks,
    by === null ? end : `\`${by.file}\` ${inCell(by.name)}`,
    seconds.toFixed(0),
  ])
  const width = (column: number) => Math.max(...[head, ...rows].map(row => row[column]?.length ?? 0))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(width(i))).join(' | ')} |`
  return [line(head), line(head.map((_, i) => '-'.repeat(width(i)))), ...rows.map(line)].join('\n')
}

/** A test's name may hold whatever a value of its table does. */
function inCell(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|')
}

function endOf(report: Report | null, by: Test | null): Verdict['end'] {
  if (report === null) return 'does not build'
  if (by !== null) return 'noticed'
  if (!report.ended) return 'ran out of time'
  if (report.tests.length === 0) return 'no test ran'
  return report.tests.every(({ passed }) => passed) ? 'SURVIVED' : 'ran out of time'
}

/** A test that was ended by its time limit may only have been slow. */
function hasNoticed({ passed, errors }: Test): boolean {
  return !passed && errors.some(error => !/timed out in \d+ms/.test(error))
}
