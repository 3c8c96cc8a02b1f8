import type { Refusal } from '../errors.js'
import { escapeLine, escapeLines } from '../text/escape.js'
import type { Propose } from '../text/propose.js'
import type { Paint } from './paint.js'

/** A refusal: what and where, the evidence, what to run next. Ends with a newline. */
export function refusalText(error: Pick<Refusal, 'message' | 'details' | 'next'>, paint: Paint): string {
  const [first = '', ...more] = escapeLines(error.message)
  const blocks = [
    [`${paint.bad('✖')} ${first}`, ...more.map(line => `  ${line}`)],
    indented(error.details),
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
