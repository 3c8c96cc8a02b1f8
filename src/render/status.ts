import type { StatusHost, StatusReport } from '../plan/status.js'
import { escapeLine } from './escape.js'
import type { Paint } from './paint.js'
import { capital, counted, everyHost } from './phrases.js'
import { tableLines } from './table.js'
import { agoText } from './units.js'

/** What each host serves and what is wrong with it. Ends with a newline. */
export function statusText(report: StatusReport, paint: Paint, now: Date): string {
  const problems = report.problems.length
  const head = [
    paint.strong(`${report.app} → ${report.stage}`),
    counted(report.hosts.length, 'host'),
    ...(problems === 0 ? [] : [paint.bad(counted(problems, 'problem'))]),
  ]
  return `${[
    head.join('   '),
    '',
    ...tableLines([
      ['HOST', 'RELEASE', 'SINCE', 'BY', 'HEALTH'],
      ...report.hosts.map(host => hostRow(host, paint, now)),
    ]),
    ...report.hosts.flatMap(moreLines),
    lockLine(report, paint, now),
    '',
    ...lastLines(report, paint),
  ].join('\n')}\n`
}

function hostRow(host: StatusHost, paint: Paint, now: Date): string[] {
  const last = host.last !== null && host.last.release === host.current ? host.last : null
  return [
    host.name,
    host.reachable ? (host.current ?? 'nothing') : '?',
    last === null ? '-' : agoText(last.at, now),
    last === null ? '-' : escapeLine(last.by),
    healthText(host, paint),
    ...(host.flag === null ? [] : [paint.bad(`← ${host.flag}`)]),
  ]
}

function healthText(host: StatusHost, paint: Paint): string {
  const note = escapeLine(host.healthNote)
  switch (host.health) {
    case 'ok':
      return `${paint.good('✔')} ${note}`.trimEnd()
    case 'failing':
      return `${paint.bad('✖')} ${note}`.trimEnd()
    case 'none':
      return note === '' ? '-' : note
  }
}

function moreLines(host: StatusHost): string[] {
  const { name, error, served, current, drift, transaction } = host
  const files = drift === null ? [] : [...drift.modified, ...drift.missing, ...drift.extra]
  return [
    ...(error === null ? [] : [`  ${name}: ${escapeLine(error)}`]),
    ...(served === null || served === current ? [] : [`  ${name}: the app says that it serves ${escapeLine(served)}`]),
    ...(drift === null || files.length === 0 ? [] : [`  ${name}: ${driftText(drift)}`]),
    ...(transaction === null || (transaction.previous === null && transaction.target === null)
      ? []
      : [
          `  ${name}: transaction ${transaction.id} is ${transaction.phase}: ${transaction.previous ?? 'nothing'} → ${transaction.target ?? 'nothing'}`,
        ]),
  ]
}

function driftText(drift: NonNullable<StatusHost['drift']>): string {
  const kinds = (['modified', 'missing', 'extra'] as const).filter(kind => drift[kind].length > 0)
  return kinds.map(kind => `${drift[kind].length} ${kind} (${someOf(drift[kind])})`).join(', ')
}

function someOf(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).map(path => escapeLine(path))
  return [...shown, ...(paths.length > 3 ? ['…'] : [])].join(', ')
}

function lockLine(report: StatusReport, paint: Paint, now: Date): string {
  const { lock } = report
  if (lock === null) return `  ${paint.dim('lock')}   free`
  const alive = lock.alive ? 'alive' : 'no sign of life'
  const reason = lock.reason === '' ? '' : `   "${escapeLine(lock.reason)}"`
  const since = agoText(lock.since, now)
  return `  ${paint.dim('lock')}   held by ${escapeLine(lock.holder)} for ${since}, ${alive}${reason}   (${lock.tx})`
}

function lastLines(report: StatusReport, paint: Paint): string[] {
  const { problems, next } = report
  if (problems.length === 0) return [goodLine(report, paint), ...next.map(text => fixLine(text, paint))]
  const told = problems.map(text => `${paint.bad('✖')} ${escapeLine(text)}`)
  if (told.length === 1 && next.length === 1) return [`${told[0]}${fixLine(next[0] ?? '', paint)}`]
  return [...told, ...next.map(text => fixLine(text, paint))]
}

function goodLine(report: StatusReport, paint: Paint): string {
  const count = report.hosts.length
  switch (report.result) {
    case 'consistent':
      return `${paint.good('✔')} ${capital(everyHost(count))} ${count === 1 ? 'serves' : 'serve'} ${report.target ?? 'the same'}.`
    case 'empty':
      return 'No host serves a release yet.'
    case 'mixed':
      return `${paint.bad('✖')} The hosts do not serve the same.`
    case 'unknown':
      return `${paint.bad('✖')} What the fleet serves is not known.`
  }
}

function fixLine(text: string, paint: Paint): string {
  const plain = escapeLine(text)
  return `  ${paint.accent(/^[a-z ]+: /.test(plain) ? plain : `fix: ${plain}`)}`
}
