import type { Outcome } from '../../fleet/outcome.js'
import { durationText } from '../../text/duration.js'
import { escapeLine } from '../../text/escape.js'
import { capital, counted, everyHost, listed } from '../../text/phrases.js'
import { failedHosts, failureLines, longOutput } from '../failed-hosts.js'
import { fleetLines, fleetSentence, isBack, isSplit } from '../fleet-now.js'
import { noPaint, type Paint } from '../paint.js'

/** The last words of a run: what happened, where, what is true on the fleet now, what to run next. Ends with a newline. */
export function outcomeText(outcome: Outcome, paint: Paint): string {
  const lines = [...body(outcome, paint), ...warningLines(outcome, paint)]
  return `${[...longOutput(outcome, paint), ...lines, ...separated(outcome, lines.length), ...nextLines(outcome, paint)].join('\n')}\n`
}

/** The first of them, without colour: `✔ Deployed ID to 3 hosts in 31s.` */
export function outcomeHeadline(outcome: Outcome): string {
  return body(outcome, noPaint)[0] ?? ''
}

/** The result in one line that a program can take apart: `deployed release=ID hosts=3 seconds=31`. */
export function resultLine(outcome: Outcome): string {
  const { result, release, hosts, seconds } = outcome
  return `${result} release=${release} hosts=${hosts.length} seconds=${Math.round(seconds)}`
}

/** `Deploy failed on web-3`, or what stopped it when that was no host. */
export function failureHeadline(outcome: Outcome): string {
  const failed = failedHosts(outcome).map(host => host.name)
  return `${verbs[outcome.command].failed} failed${failed.length === 0 ? '' : ` on ${listed(failed)}`}`
}

/** The same, and why: for a run that somebody stopped, that it was stopped. */
export function failureSentences(outcome: Outcome): readonly string[] {
  const stop = stopOf(outcome)
  if (stop !== null) return [capital(stop)]
  return [failureHeadline(outcome), ...(outcome.reason === null ? [] : [outcome.reason])]
}

/** Who stopped a run that failed on no host; null: nobody did. */
function stopOf(outcome: Outcome): string | null {
  return outcome.stopped && failedHosts(outcome).length === 0 ? outcome.reason : null
}

const verbs = {
  deploy: { did: 'Deployed', failed: 'Deploy' },
  promote: { did: 'Promoted', failed: 'Promotion' },
  rollback: { did: 'Rolled back', failed: 'Rollback' },
  restart: { did: 'Restarted', failed: 'Restart' },
  repair: { did: 'Repaired', failed: 'Repair' },
  join: { did: 'Joined', failed: 'Join' },
} as const

function body(outcome: Outcome, paint: Paint): string[] {
  if (outcome.result === 'unchanged' && outcome.exitCode === 0) return unchangedLines(outcome, paint)
  if (outcome.result === 'unchanged') return failingLines(outcome, paint)
  if (outcome.exitCode === 0) return doneLines(outcome, paint)
  if (outcome.command === 'restart') return restartLines(outcome, paint)
  switch (outcome.result) {
    case 'mixed':
      return mixedLines(outcome, paint)
    case 'aborted':
      return failedLines(
        outcome,
        paint,
        `Nothing was swapped: ${fleetSentence(outcome, 'still')}${stayOutWords(outcome)}`,
      )
    default:
      return failedLines(outcome, paint, outcome.exitCode === 6 ? sickWords(outcome) : againWords(outcome))
  }
}

function againWords(outcome: Outcome): string {
  return `${capital(fleetSentence(outcome, 'again'))}${stayOutWords(outcome)}`
}

/** All are back, and the check fails for what they serve again: it may be the check that is wrong. */
function sickWords(outcome: Outcome): string {
  const { hosts } = outcome
  const [serve, they] = hosts.length === 1 ? ['serves', 'it'] : ['serve', 'they']
  const sick = hosts.filter(({ healthy }) => healthy === false).map(({ name }) => name)
  const where = sick.length === hosts.length ? '' : ` on ${listed(sick)}`
  return `${capital(everyHost(hosts.length))} ${serve} again what ${they} served. The health check fails for that release, too${where}: is the check right?${stayOutWords(outcome)}`
}

function stayOutWords({ hosts }: Outcome): string {
  return hosts.map(({ name, out }) => (out === undefined ? '' : ` ${name} stays out of ${out}.`)).join('')
}

function doneLines(outcome: Outcome, paint: Paint): string[] {
  const { release, hosts, seconds } = outcome
  const serving = hosts.filter(host => host.current === release)
  const took = `in ${durationText(seconds * 1000)}.`
  const count = counted(serving.length, 'host')
  const sentence = {
    deploy: `Deployed ${release} to ${count} ${took}`,
    promote: `Promoted to ${count} as ${release} ${took}`,
    rollback: `Rolled back ${count} to ${release} ${took}`,
    restart: `Restarted ${count} ${took} ${capital(fleetSentence(outcome, 'still'))}`,
    repair: repairedWords(outcome, serving.length),
    join: joinedWords(outcome, took),
  }[outcome.command]
  return [
    `${paint.good('✔')} ${sentence}`,
    ...(serving.length < hosts.length ? ['', ...fleetLines(outcome, paint)] : []),
  ]
}

function repairedWords({ hosts, release }: Outcome, serving: number): string {
  if (serving === 0) return 'Repaired: no host serves a release, as before.'
  const whom = serving === hosts.length ? everyHost(serving) : counted(serving, 'host')
  return `Repaired: ${whom} ${serving === 1 ? 'serves' : 'serve'} ${release}.`
}

function joinedWords({ hosts, release, joined }: Outcome, took: string): string {
  const names = joined?.hosts ?? hosts.map(({ name }) => name)
  const earlier = joined?.earlier.length ?? 0
  const more = earlier === 0 ? '' : ` and ${counted(earlier, 'earlier release')}`
  return `Joined ${listed(names)} with ${release}${more} ${took}`
}

const again: Partial<Record<Outcome['command'], string>> = {
  deploy: ' --force deploys again.',
  promote: ' --force promotes again.',
}

function unchangedLines(outcome: Outcome, paint: Paint): string[] {
  const digest = outcome.digest === null ? '' : ` (digest ${outcome.digest.replace('sha256:', '').slice(0, 6)}…)`
  const force = again[outcome.command] ?? ''
  const table = isSplit(outcome) ? ['', ...fleetLines(outcome, paint)] : []
  return [`${paint.good('✔')} ${leadOf(outcome)}: ${fleetSentence(outcome, 'already', digest)}${force}`, ...table]
}

/** The files had to change nowhere; a repair may have put hosts back into service all the same. */
function leadOf({ hosts, joined }: Outcome): string {
  const back = hosts.filter(host => host.back !== undefined).map(({ name }) => name)
  if (back.length > 0) return `Put ${listed(back)} back into service`
  return joined?.hosts.length === 0 ? 'No host is new' : 'Nothing to do'
}

/** Nothing had to change, and yet all is not well. */
function failingLines(outcome: Outcome, paint: Paint): string[] {
  const failing = failedHosts(outcome).map(({ name }) => name)
  const who = `${listed(failing)} ${failing.length === 1 ? 'is' : 'are'} not healthy`
  const now = fleetSentence(outcome, 'already').replace(/\.$/, '')
  const lead = outcome.hosts.some(host => host.back !== undefined) ? leadOf(outcome) : 'Nothing was changed'
  return [`${paint.bad('✖')} ${lead}: ${now}, but ${who}.`, ...failureLines(outcome, paint)]
}

/** A restart swaps nothing, so there is no way back: what counts is which hosts it came to, and how those are. */
function restartLines(outcome: Outcome, paint: Paint): string[] {
  const came = outcome.hosts.filter(({ restarted }) => restarted)
  const left = outcome.hosts.length - came.length
  const count = `${came.length} of ${counted(outcome.hosts.length, 'host')}`
  const told =
    came.length === 0
      ? 'No host was restarted'
      : left === 0
        ? 'No way back: nothing was swapped'
        : `${count} ${came.length === 1 ? 'was' : 'were'} restarted`
  const now = `${told}. ${capital(fleetSentence(outcome, 'still'))}${outWords(outcome)}`
  const stopped = failedHosts(outcome).length === 0 && came.length > 0
  const headline = stopped ? 'Restart stopped' : failureHeadline(outcome)
  const table = came.length === 0 ? [] : ['', ...fleetLines(outcome, paint)]
  return [`${paint.bad('✖')} ${headline}. ${now}`, ...failureLines(outcome, paint), ...table]
}

function outWords({ hosts }: Outcome): string {
  const out = hosts.filter(host => host.out !== undefined).map(({ name }) => name)
  return out.length === 0 ? '' : ` ${listed(out)} ${out.length === 1 ? 'is' : 'are'} out of service.`
}

function failedLines(outcome: Outcome, paint: Paint, now: string): string[] {
  const table = isSplit(outcome) ? ['', ...fleetLines(outcome, paint)] : []
  const stop = stopOf(outcome)
  if (stop !== null) return [`${paint.bad('✖')} ${capital(sentenceOf(stop))} ${now}`, ...table]
  return [`${paint.bad('✖')} ${failureHeadline(outcome)}. ${now}`, ...failureLines(outcome, paint), ...table]
}

function mixedLines(outcome: Outcome, paint: Paint): string[] {
  const reason = outcome.reason ?? failureHeadline(outcome)
  const told = outcome.hosts.some(({ error }) => error !== null && (error.output.length > 0 || error.hint !== null))
  return [
    paint.bad(`✖ ${stateOfFleet(outcome)}: ${sentenceOf(reason)}`),
    '',
    ...fleetLines(outcome, paint),
    ...(told ? failureLines({ ...outcome, reason: null }, paint) : []),
  ]
}

function stateOfFleet(outcome: Outcome): string {
  const { hosts } = outcome
  const read = hosts.map(({ current }) => current)
  if (new Set(read.filter(current => current !== null)).size > 1) return 'FLEET IS MIXED'
  const whole = hosts.every(({ current, out, error }) => current !== null && (error === null || out !== undefined))
  if (whole && hosts.some(({ out }) => out !== undefined)) return 'NOT ALL HOSTS ARE IN SERVICE'
  const back = hosts.every(host => host.error === null || isBack(host, outcome))
  if (read.some(current => current === null) || !back) return 'FLEET MAY BE MIXED'
  const [verb, pronoun] = hosts.length === 1 ? ['is', 'it serves'] : ['are', 'they all serve']
  return `${capital(everyHost(hosts.length))} ${verb} back on ${read[0]}, but it is not certain that ${pronoun} it`
}

function warningLines(outcome: Outcome, paint: Paint): string[] {
  if (outcome.warnings.length === 0) return []
  return ['', ...alikeOnHosts(outcome).map(text => `  ${paint.warn('!')} ${escapeLine(text)}`)]
}

/** `web-1 and web-2: the same`: what is said of several hosts in the same words is said once. */
function alikeOnHosts({ warnings, hosts }: Outcome): readonly string[] {
  const of = (text: string) => hosts.find(({ name }) => text.startsWith(`${name}: `))?.name ?? null
  const names = new Map<string, Set<string>>()
  for (const text of warnings) {
    const name = of(text)
    const said = name === null ? text : text.slice(name.length + 2)
    const on = names.get(said) ?? new Set()
    names.set(said, name === null ? on : on.add(name))
  }
  const inOrder = (on: ReadonlySet<string>) => hosts.map(({ name }) => name).filter(name => on.has(name))
  return [...names].map(([said, on]) => (on.size === 0 ? said : `${listed(inOrder(on), 8)}: ${said}`))
}

/** After a success the last lines follow at once, after anything longer there is a blank line. */
function separated(outcome: Outcome, lines: number): string[] {
  return lines === 1 || (outcome.next.length === 0 && outcome.log === null) ? [] : ['']
}

function nextLines(outcome: Outcome, paint: Paint): string[] {
  const label = outcome.result === 'mixed' ? 'fix' : outcome.exitCode === 0 ? 'undo' : 'next'
  const told = outcome.next.map(text => labelled(label, escapeLine(text)))
  const log = outcome.log === null ? [] : [labelled('log', escapeLine(outcome.log))]
  const lines = [...told, ...log]
  const width = Math.max(...lines.map(([name]) => name.length)) + 1
  return lines.map(([name, text]) => `  ${paint.dim(`${name}:`.padEnd(width))} ${paint.accent(text)}`)
}

/** A line that brings its own label (`look: …`) keeps it. */
function labelled(label: string, text: string): readonly [string, string] {
  const own = /^((?:when|if) [^:]+|[a-z][a-z ]{1,20}): +(.+)$/.exec(text)
  return own === null ? [label, text] : [own[1] ?? label, own[2] ?? text]
}

function sentenceOf(reason: string): string {
  const text = escapeLine(reason)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
