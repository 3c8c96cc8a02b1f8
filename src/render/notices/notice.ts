import type { NoticeEvent } from '../../config/config.js'
import type { Outcome } from '../../fleet/outcome.js'
import { escapeLine } from '../../text/escape.js'
import { counted } from '../../text/phrases.js'
import { outcomeHeadline } from '../reports/outcome.js'

/** What is known of a run before it ends. */
export interface NoticeRun {
  readonly command: Outcome['command']
  readonly app: string
  readonly stage: string
  readonly hosts: number
  readonly by: string
  /** Null until it is known. */
  readonly release: string | null
  readonly previous: string | null
  readonly revision: string | null
  /** What was said of it, or the commit's subject; '' where neither is. */
  readonly message: string
}

/** What is told of a run: a text for people, not yet escaped for whoever shows it, and what programs read. */
export interface Notice extends NoticeRun {
  readonly event: NoticeEvent
  readonly text: string
  /** Null: it has only begun. */
  readonly result: Outcome['result'] | null
  readonly exitCode: number | null
  readonly seconds: number | null
  readonly reason: string | null
}

/** How a run ended that has no outcome: something was refused, or failed, when it held the locks. */
export interface Broken {
  readonly sentence: string
  readonly exitCode: number
}

/** Of a run that holds all locks. */
export function startedNotice(run: NoticeRun): Notice {
  const { command, release, previous, hosts } = run
  const what = release === null ? names[command] : `${names[command]} of ${release}`
  const before =
    previous === null || previous === release ? '' : `, which ${hosts === 1 ? 'serves' : 'serve'} ${previous}`
  const headline = `${what} started on ${counted(hosts, 'host')}${before}.`
  return { ...run, event: 'started', text: textOf(run, `▶ ${headline}`), ...unended }
}

export function endedNotice(run: NoticeRun, outcome: Outcome): Notice {
  const { result, exitCode, seconds, reason, release, previous } = outcome
  const headline = outcomeHeadline(outcome)
  const why = reason === null || headline.includes(reason) ? [] : [reason]
  const next = exitCode === 0 ? [] : outcome.next.slice(0, 2)
  const known = { ...run, hosts: outcome.hosts.length, release, previous }
  const text = textOf(known, headline, [...why, ...next])
  return { ...known, event: eventOf(outcome), text, result, exitCode, seconds, reason }
}

export function brokenNotice(run: NoticeRun, { sentence, exitCode }: Broken): Notice {
  const result = exitCode === 6 || exitCode === 1 ? 'mixed' : exitCode === 5 ? 'put-back' : 'aborted'
  const text = textOf(run, `✖ ${names[run.command]} failed. ${sentence}`)
  return { ...run, event: result, text, ...unended, result, exitCode, reason: sentence }
}

const unended = { result: null, exitCode: null, seconds: null, reason: null } as const

const names = {
  deploy: 'Deploy',
  promote: 'Promotion',
  rollback: 'Rollback',
  restart: 'Restart',
  repair: 'Repair',
  join: 'Join',
} as const

const deeds = {
  deploy: 'deployed',
  promote: 'promoted',
  rollback: 'rolled-back',
  restart: 'restarted',
  repair: 'repaired',
  join: 'joined',
} as const

/** The exit code tells the state of the fleet: with 6, a person is needed, whatever the result is called. */
function eventOf({ command, result, exitCode }: Outcome): NoticeEvent {
  if (exitCode === 0) return deeds[command]
  if (exitCode === 6) return 'mixed'
  return result === 'put-back' ? 'put-back' : 'aborted'
}

/** Discord takes 2,000 characters, and to escape one may double it. */
const longest = 950
const [longestLine, longestMessage] = [400, 120]

/** `✔ shop → production: Deployed …`, who did it and what it is, and what else is to be said. */
function textOf(run: NoticeRun, headline: string, more: readonly string[] = []): string {
  const { app, stage } = run
  const named = headline.replace(/^(\S) /, `$1 ${app} → ${stage}: `)
  const lines = [named, aboutLine(run), ...more].map(line => escapeLine(line, longestLine))
  return shortened(lines.join('\n'))
}

/** Never cut through a character. */
function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1).replace(/[\ud800-\udbff]$/, '')}…`
}

/** `7a6ae02 cart: new route, by anna` */
function aboutLine({ revision, message, by }: NoticeRun): string {
  const commit = revision === null ? '' : `${revision.slice(0, 7)} `
  const said = message === '' ? '' : `${escapeLine(message, longestMessage)}, `
  return `${commit}${said}by ${by}`
}
