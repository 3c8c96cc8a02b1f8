import type { HostFailure, HostOutcome, Outcome } from '../fleet/outcome.js'
import { escapeLines } from '../text/escape.js'
import { everyHost } from '../text/phrases.js'
import type { Paint } from './paint.js'
import { tableLines } from './table.js'

/** What all hosts serve, in one sentence that claims no more than was read; a table must follow when they differ. */
export function fleetSentence(outcome: Outcome, how: 'still' | 'again' | 'already', aside = ''): string {
  const count = outcome.hosts.length
  const all = everyHost(count)
  const unread = outcome.hosts.filter(host => isUnread(host, outcome)).length
  if (unread === count) return 'what the hosts serve could not be read.'
  if (isSplit(outcome)) return unread > 0 ? `${unread} of ${count} hosts could not be read.` : splitWords(how)
  const release = outcome.hosts[0]?.current ?? 'no release'
  const verb = one(count, 'serves', 'serve')
  switch (how) {
    case 'still':
      return `${all} still ${verb} ${release}.`
    case 'already':
      return `${all} ${verb} ${release} already${aside}.`
    case 'again':
      return `${all} ${verb} ${release} again (verified).`
  }
}

/** Whether the hosts need a table: they differ, or some could not be read. */
export function isSplit(outcome: Outcome): boolean {
  return new Set(outcome.hosts.map(host => (isUnread(host, outcome) ? '?' : host.current))).size > 1
}

/** A table of what each host serves; `?` stands by what is not certain. */
export function fleetLines(outcome: Outcome, paint: Paint): string[] {
  const rows = outcome.hosts.map(host => [host.name, serves(host, outcome), stateOf(host, outcome, paint)])
  return tableLines([['HOST', 'SERVES', 'STATE'], ...rows])
}

/** `current: null` means absent where the result itself says that every host was read back, or that none was told to swap. */
function isUnread(host: HostOutcome, { result }: Outcome): boolean {
  return host.current === null && host.error !== null && result !== 'put-back' && result !== 'aborted'
}

function serves(host: HostOutcome, outcome: Outcome): string {
  if (isUnread(host, outcome)) return '?'
  const lost = outcome.result === 'mixed' && host.error !== null && host.healthy === null && !isBack(host, outcome)
  return `${host.current ?? 'nothing'}${lost ? ' ?' : ''}`
}

/** A host whose link was read as what it was before, in a run that tried to put all back. */
export function isBack({ current, error }: HostOutcome, { command, hosts, release }: Outcome): boolean {
  const wentBack = hosts.some(host => host.error?.phase === 'rollback')
  // A repair that puts back calls the release that it puts back to its own.
  if (!wentBack || (command !== 'repair' && current === release)) return false
  return error !== null && (error.phase !== 'rollback' || error.step !== 'restore')
}

function stateOf(host: HostOutcome, outcome: Outcome, paint: Paint): string {
  const said = servedState(host, outcome, paint)
  return host.out === undefined ? said : `${said}${paint.bad(`; taken out of ${host.out}`)}`
}

function servedState(host: HostOutcome, outcome: Outcome, paint: Paint): string {
  if (host.error !== null) return paint.bad(troubleOf(host, host.error, outcome))
  if (host.healthy === null) return 'read back'
  return host.healthy ? paint.good('ok') : paint.bad('unhealthy')
}

function troubleOf(host: HostOutcome, { phase, step, message }: HostFailure, outcome: Outcome): string {
  const why = escapeLines(message)[0] ?? ''
  if (!isBack(host, outcome)) return `${phase}: ${why}`
  if (phase !== 'rollback') return `back, after ${phase} failed: ${why}`
  return `files old, ${step === 'health' ? 'not healthy' : 'service state unknown'}: ${why}`
}

function splitWords(how: 'still' | 'again' | 'already'): string {
  switch (how) {
    case 'still':
      return 'every host still serves what it served before.'
    case 'already':
      return 'nothing had to change.'
    case 'again':
      return 'every host serves again what it served before (verified).'
  }
}

function one(count: number, singular: string, plural: string): string {
  return count === 1 ? singular : plural
}
