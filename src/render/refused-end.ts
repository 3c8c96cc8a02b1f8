import { appendFileSync } from 'node:fs'
import { escapeLine } from '../text/escape.js'
import { outputLines } from './progress/github-commands.js'
import { cell } from './progress/github-summary.js'
import { jsonLine } from './progress/jsonl.js'

/** The end of a run that did not come to an outcome, as its JSON says it. */
export interface RefusedEnd {
  readonly command: string
  readonly result: string
  readonly reason: string
  readonly details: readonly string[]
  readonly next: readonly string[]
}

/** The last line of a stream, as that of a run with an outcome: whoever reads it need not guess whether more comes. */
export function refusedLine(end: RefusedEnd, now: Date): string {
  return jsonLine({ v: 1, t: now.toISOString(), type: 'run.end', outcome: end })
}

/** GitHub's outputs and summary: steps that follow read `result`, also where nothing was done. Returns what could not be written. */
export function writeRefused(end: RefusedEnd, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  return [
    ...append(env.GITHUB_STEP_SUMMARY, refusedSummary(end)),
    ...append(env.GITHUB_OUTPUT, outputLines({ release: '', result: end.result, previous: '' })),
  ]
}

export function refusedSummary({ command, result, reason, details, next }: RefusedEnd): string {
  const lines = [...details, ...next].map(line => `    ${escapeLine(line)}`)
  return [`### ❌ ${cell(command)}: ${result}`, '', cell(reason), '', ...lines, '', ''].join('\n')
}

/** Returns why it could not be written. */
export function append(path: string | undefined, text: string): readonly string[] {
  if (path === undefined || path === '') return []
  try {
    appendFileSync(path, text)
    return []
  } catch (error) {
    return [`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`]
  }
}
