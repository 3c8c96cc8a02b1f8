import type { LoginReport } from '../../state/answers/known-user.js'
import type { Difference } from '../../state/answers/same-answers.js'
import type { AuditReport, FoundData } from '../../state/user-data.js'
import { agoText } from '../../text/duration.js'
import { counted, listed } from '../../text/phrases.js'
import { bytesText } from '../../text/units.js'
import type { Paint } from '../paint.js'
import { tableLines } from '../table.js'

/** Paths that are shown; `--json` has all. */
const most = 100

/** What was found, the advice for each kind of it, and what was not looked at. Ends with a newline. */
export function auditText(report: AuditReport, paint: Paint, now: Date): string {
  const { app, stage, hosts, found, notes } = report
  const rows = found.slice(0, most).flatMap(one => foundRows(one, now))
  const unread = hosts.filter(({ reachable }) => !reachable)
  return `${[
    `${paint.strong(`${app} → ${stage}`)}   ${counted(hosts.length, 'host')}`,
    ...(rows.length === 0 ? [] : ['', ...tableLines([['KIND', 'PATH', 'HOST', 'SIZE', 'AGE', 'OWNER'], ...rows])]),
    ...(found.length > most ? [`  … ${found.length - most} more: --json has all`] : []),
    ...report.answers.slice(0, most).flatMap(one => ['', ...differenceLines(one)]),
    ...(report.login === null ? [] : loginLines(report.login)),
    ...(report.result === 'found' ? ['', ...adviceLines(report)] : []),
    '',
    ...unread.map(({ name, error }) => `${paint.bad('✖')} ${name} could not be read: ${error}`),
    ...notes.map(note => `  ${note}`),
    lastWords(report, paint),
  ].join('\n')}\n`
}

function foundRows({ kind, path, why, hosts }: FoundData, now: Date): readonly (readonly string[])[] {
  const rows = hosts.map(({ name, size, modified, owner }, i) => [
    ...(i === 0 ? [kind, path] : ['', '']),
    ...[name, bytesText(size), agoText(modified, now), owner],
  ])
  return [...rows, ['', `  ${why}`]]
}

/** What the fewer hosts say, beside what the others do. */
function differenceLines({
  request,
  part,
  header,
  line,
  hosts,
  says,
  others,
  othersSay,
}: Difference): readonly string[] {
  const where =
    part === 'status' ? 'the status' : part === 'header' ? `the header ${header}` : `line ${line} of the body`
  return [
    `  ${request}: ${where} differs between hosts`,
    ...tableLines([
      [`  ${listed(hosts)}`, says === '' ? '(nothing)' : says],
      [`  ${listed(others)}`, othersSay === '' ? '(nothing)' : othersSay],
    ]),
  ]
}

function loginLines({ host, page, unknown, error }: LoginReport): readonly string[] {
  const lost = unknown.map(({ name, status }) =>
    name === host
      ? `  ${name} itself forgets them now and then`
      : `  ${name} does not: ${page} is answered ${status} without them`,
  )
  return [
    ...(lost.length === 0 ? [] : ['', `  who logs in on ${host} is known there, and not on every host:`, ...lost]),
    ...(error === null ? [] : ['', `  login: ${error}`]),
  ]
}

function adviceLines({ advice }: AuditReport): readonly string[] {
  return tableLines(Object.entries(advice).map(([kind, text]) => [kind, text]))
}

function lastWords({ result, found, hosts, answers, login }: AuditReport, paint: Paint): string {
  const read = hosts.filter(({ reachable }) => reachable).length
  switch (result) {
    case 'clean':
      return `${paint.good('✔')} No data of users was found on ${counted(read, 'host')}.`
    case 'found':
      return `${paint.bad('✖')} ${[
        ...(found.length === 0 ? [] : [`${counted(found.length, 'path')} may hold data of users.`]),
        ...(answers.length === 0 ? [] : ['Hosts answer differently.']),
        ...(login?.result === 'unknown' ? ['A session is kept on one host.'] : []),
      ].join(' ')}`
    case 'incomplete':
      return `${paint.bad('✖')} Nothing was found, and not everything could be read: nobody can say that the fleet is clean.`
  }
}
