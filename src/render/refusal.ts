import { appendFileSync } from 'node:fs'
import type { Refusal } from '../errors.js'
import { escapeLine, escapeLines } from '../text/escape.js'
import type { Propose } from '../text/propose-command.js'
import type { Paint } from './paint.js'
import { cell, outputLines } from './progress/github.js'
import { jsonLine } from './progress/jsonl.js'

/** What is said of an error. */
export type Told = Pick<Refusal, 'message' | 'details' | 'next' | 'changed'>

/** What is wrong, and what is true now. */
export function refusalSentence({ message, changed }: Pick<Told, 'message' | 'changed'>): string {
  return changed === null ? message : `${message} ${changedTexts[changed]}`
}

const changedTexts = {
  nothing: 'Nothing was changed.',
  'nothing served': 'What is served was not changed.',
} as const

/** Longer evidence, such as what a build printed, stands above the headline: a screen of 24 rows ends with what is wrong. */
const shortDetails = 12

/** A refusal: what and where, the evidence, what to run next. Ends with a newline. */
export function refusalText(error: Told, paint: Paint): string {
  const [first = '', ...more] = escapeLines(refusalSentence(error))
  const headline = [`${paint.bad('✖')} ${first}`, ...more.map(line => `  ${line}`)]
  const details = indented(error.details)
  const blocks = [
    ...(details.length > shortDetails ? [details, headline] : [headline, details]),
    indented(error.next).map(line => paint.accent(line)),
  ]
  return `${blocks
    .filter(block => block.length > 0)
    .map(block => block.join('\n'))
    .join('\n\n')}\n`
}

/** Anything that is no refusal is our own bug. Ends with a newline. */
export function bugText(
  error: unknown,
  paint: Paint,
  about: {
    readonly version: string
    readonly node: string
    readonly tracker: string | null
    readonly log: string | null
    readonly propose: Propose
  },
): string {
  const stack = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
  return `${[
    `${paint.bad('✖')} This is a bug of clonedeploy, not of your project. What it was doing may be half done: ${about.propose('clonedeploy status')}`,
    '',
    ...causes(error, stack).flatMap(text => escapeLines(text).map(line => `  ${line}`)),
    '',
    `  clonedeploy ${about.version}, node ${about.node}`,
    ...(about.log === null ? [] : [`  log: ${escapeLine(about.log)}`]),
    `  Please report it with the lines above${about.tracker === null ? '.' : `: ${about.tracker}`}`,
  ].join('\n')}\n`
}

function indented(texts: readonly string[]): string[] {
  return texts.flatMap(text => (text === '' ? [''] : escapeLines(text).map(line => `  ${line}`)))
}

function causes(error: unknown, stack: string): string[] {
  const cause = error instanceof Error ? error.cause : undefined
  return cause instanceof Error ? [stack, `caused by ${cause.stack ?? cause.message}`] : [stack]
}

/** The end of a run that did not come to an outcome, as its JSON says it. */
interface RefusedEnd {
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

function refusedSummary({ command, result, reason, details, next }: RefusedEnd): string {
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
