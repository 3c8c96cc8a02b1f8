import { originText } from '../../release/origin.js'
import { portsText } from '../../release/ports.js'
import { unlistedTexts } from '../../state/evidence/unlisted.js'
import { spanText, stillRuns } from '../../state/host-verdict.js'
import { isIntact } from '../../state/release-drift.js'
import type { Place, StatusHost, StatusReport, StoreReport } from '../../state/status-report.js'
import { agoText } from '../../text/duration.js'
import { escapeLine } from '../../text/escape.js'
import { capital, counted, everyHost, listed } from '../../text/phrases.js'
import type { Propose } from '../../text/propose-command.js'
import type { Paint } from '../paint.js'
import { tableLines } from '../table.js'
import { driftText } from './drift.js'

/** What each host serves and what is wrong with it. Ends with a newline. */
export function statusText(report: StatusReport, paint: Paint, now: Date, propose: Propose = text => text): string {
  const problems = report.problems.length
  const hasPorts = report.hosts.some(({ ports }) => ports !== undefined)
  const tells = report.hosts.some(({ served, processes }) => served !== null || processes.length > 0)
  const head = [
    paint.strong(`${report.app} → ${report.stage}`),
    counted(report.hosts.length, 'host'),
    ...(problems === 0 ? [] : [paint.bad(counted(problems, 'problem'))]),
  ]
  return `${[
    head.join('   '),
    '',
    ...tableLines([
      ['HOST', 'RELEASE', ...(hasPorts ? ['PORT'] : []), ...(tells ? ['SERVES'] : []), 'SINCE', 'BY', 'HEALTH'],
      ...report.hosts.map(host => hostRow(host, paint, now, { hasPorts, tells })),
    ]),
    ...report.hosts.flatMap(moreLines),
    ...splitLine(report),
    ...originLine(report, paint),
    lockLine(report, paint, now, propose),
    ...maintenanceLine(report, paint, now),
    ...(report.unlike ?? []).map(text => `  ${paint.warn(escapeLine(text))}`),
    ...unlistedTexts(report.unlisted ?? []).map(text => `  ${paint.warn(escapeLine(text))}`),
    ...earlierLines(report, paint),
    ...storeLine(report, paint, now),
    '',
    ...lastLines(report, paint),
  ].join('\n')}\n`
}

interface Columns {
  readonly hasPorts: boolean
  readonly tells: boolean
}

function hostRow(host: StatusHost, paint: Paint, now: Date, { hasPorts, tells }: Columns): string[] {
  const last = host.last !== null && host.last.release === host.current ? host.last : null
  return [
    host.name,
    host.reachable ? (host.current ?? 'nothing') : '?',
    ...(hasPorts ? [host.ports === undefined ? '-' : portsText(host.ports)] : []),
    ...(tells ? [servesText(host, paint)] : []),
    last === null ? '-' : agoText(last.at, now),
    last === null ? '-' : escapeLine(last.by),
    healthText(host, paint),
    ...(host.verdict === 'consistent' ? [] : [mark(host, paint)]),
  ]
}

/** What the app says, or what its processes show. */
function servesText({ served, current, processes }: StatusHost, paint: Paint): string {
  const [old] = processes
  if (served !== null && served !== current) return paint.bad(escapeLine(served))
  if (old !== undefined) return paint.warn(`${served === null ? '' : 'it and '}${old.release}`)
  return served === null ? '-' : 'the same'
}

function mark({ verdict, flag }: StatusHost, paint: Paint): string {
  return (flag === null ? paint.dim : paint.bad)(`← ${verdict.toUpperCase()}`)
}

/** What the app serves has a column of its own. */
function healthText(host: StatusHost, paint: Paint): string {
  const note = escapeLine(host.healthNote.replace(host.served === null ? '' : `, serves ${host.served}`, ''))
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
  const { name, error, says, served, current, drift, transaction, processes, places = [] } = host
  const differs = drift === null ? '' : driftText(drift)
  return [
    ...(error === null || says?.includes(error) ? [] : [`  ${name}: ${escapeLine(error)}`]),
    ...(served === null || served === current ? [] : [`  ${name}: the app says that it serves ${escapeLine(served)}`]),
    ...places.filter(({ state, up }) => state !== 'unknown' && !up).map(place => `  ${name}: ${placeText(place)}`),
    ...(processes.length === 0 || host.verdict === 'old process'
      ? []
      : [`  ${name}: ${escapeLine(stillRuns(processes))}`]),
    ...(differs === '' ? [] : [`  ${name}: ${differs}`]),
    ...(transaction === null || (transaction.previous === null && transaction.target === null)
      ? []
      : [
          `  ${name}: transaction ${transaction.id} is ${transaction.phase}: ${transaction.previous ?? 'nothing'} → ${transaction.target ?? 'nothing'}`,
        ]),
  ]
}

function placeText({ server, state, sessions }: Place): string {
  const what = { ready: 'down by its check', drain: 'drained', maint: 'in maintenance', unknown: 'unknown' }[state]
  return `${what} in ${server}${sessions ? `, ${counted(sessions, 'session')} left` : ''}`
}

/** `maintenance is on since …: reason`, and where not all hosts have it. */
function maintenanceLine({ maintenance, hosts }: StatusReport, paint: Paint, now: Date): string[] {
  if (maintenance === undefined) return []
  const { by, at, reason, hosts: on } = maintenance
  const who = by === undefined || at === undefined ? '' : `   by ${escapeLine(by)}, ${agoText(at, now)}`
  const why = reason === undefined || reason === '' ? '' : `   "${escapeLine(reason)}"`
  const where = on.length === hosts.length ? '' : ` on ${listed(on)} only`
  return [`  ${paint.warn('maintenance is on')}${where}${who}${why}`]
}

/** What is not as it was sealed is a problem, and told with those. */
function earlierLines({ earlier }: StatusReport, paint: Paint): string[] {
  if (earlier === undefined) return []
  if (earlier.length === 0) return [`  ${paint.dim('undo')}   no earlier release that every host could go back to`]
  const whole = earlier.filter(({ hosts }) => hosts.every(({ drift }) => drift !== null && isIntact(drift)))
  if (whole.length === 0) return []
  const releases = listed(
    whole.map(({ release }) => release),
    5,
  )
  return [`  ${paint.dim('undo')}   ${releases} as sealed on every host`]
}

function storeLine({ store }: StatusReport, paint: Paint, now: Date): string[] {
  if (store === undefined) return []
  return [`  ${paint.dim('store')}  ${escapeLine(store.name)}   ${standingText(store, paint, now)}`]
}

function standingText({ standing, error, generation }: StoreReport, paint: Paint, now: Date): string {
  if (error !== null) return paint.warn(escapeLine(error))
  if (generation === null) return 'holds nothing yet'
  const { number, state, by, at, hosts, confirmed, command } = generation
  const told = `generation ${number}: ${confirmed ?? 'nothing'}`
  const who = `${command} of ${escapeLine(by)}, ${agoText(at, now)}`
  if (standing === 'pending') return `${told}, and a ${who} is at work`
  if (standing === 'foreign')
    return `${told}, ${paint.warn(`and a ${who} is at work`)} on ${listed(hosts.map(name => escapeLine(name)))}`
  return `${told}   ${state} by ${who}`
}

function originLine({ origin, target }: StatusReport, paint: Paint): string[] {
  return origin === undefined ? [] : [`  ${paint.dim('from')}   ${target}: ${escapeLine(originText(origin))}`]
}

function lockLine(report: StatusReport, paint: Paint, now: Date, propose: Propose): string {
  const { lock } = report
  if (lock === null) return `  ${paint.dim('lock')}   free`
  const reason = lock.reason === '' ? '' : `   "${escapeLine(lock.reason)}"`
  const since = agoText(lock.since, now)
  const id = lock.kept ? '' : `   (${lock.tx})`
  return `  ${paint.dim('lock')}   held by ${escapeLine(lock.holder)} for ${since}, ${lifeText(lock, propose)}${reason}${id}`
}

function lifeText({ alive, age, left, kept, tx, over }: NonNullable<StatusReport['lock']>, propose: Propose): string {
  if (kept) return `until it is released: ${propose(`clonedeploy unlock --tx ${tx}`)}`
  if (alive) return `alive ${age} s ago`
  if (over !== null) return `and that run is over (${escapeLine(over)}): ${left ?? 'what it left is not known'}`
  const seen = age === null || age < 0 ? 'no sign of life' : `last heard of ${spanText(age)} ago`
  return `${seen}: that run probably died, ${left ?? 'what it left is not known'}`
}

function splitLine({ split }: StatusReport): string[] {
  if (split === null) return []
  const parts = split.map(({ release, hosts }) => `${hosts.length} × ${release ?? 'nothing'} (${listed(hosts)})`)
  return [`  split  ${parts.join('   ')}`]
}

function lastLines(report: StatusReport, paint: Paint): string[] {
  const { problems, next } = report
  if (problems.length === 0) return [`${goodLine(report, paint)}${next.map(text => fixLine(text, paint)).join('')}`]
  const told = problems.map(text => `${paint.bad('✖')} ${escapeLine(text)}`)
  if (told.length === 1 && next.length === 1) return [`${told[0]}${fixLine(next[0] ?? '', paint)}`]
  return [...told, ...next.map(text => fixLine(text, paint))]
}

function goodLine(report: StatusReport, paint: Paint): string {
  const count = report.hosts.length
  const serves = `${capital(everyHost(count))} ${count === 1 ? 'serves' : 'serve'} ${report.target ?? 'the same'}`
  switch (report.result) {
    case 'consistent':
      return report.next.length === 0
        ? `${paint.good('✔')} ${serves}.`
        : `${paint.warn('!')} ${serves}, and an earlier run has left its lock.`
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
  return `  ${paint.accent(/^[a-z, ]+: /.test(plain) ? plain : `fix: ${plain}`)}`
}
