import type { Event } from '../../fleet/events.js'
import { durationText, stampText } from '../../text/duration.js'
import { escapeLine, escapeLines } from '../../text/escape.js'
import { listed } from '../../text/phrases.js'
import { bytesText, partText, percent } from '../../text/units.js'
import { headerText, mark, releaseText, scriptText, stepText } from '../lines.js'
import type { Paint } from '../paint.js'
import { type HostProgress, type PhaseProgress, type Progress, phaseOf } from './progress.js'
import type { Verbosity } from './renderer.js'

/** How plain lines are told: to whom, how much, and what was said already. */
export interface Telling {
  readonly paint: Paint
  readonly verbosity: Verbosity
  readonly now: number
}

const indent = '      '

/** The lines that say an event, where lines stay as they are written; `progress` is what was under way before it. */
export function plainLines(event: Event, progress: Progress, telling: Telling): string[] {
  return telling.verbosity === 'quiet' ? quietLines(event, progress, telling) : allLines(event, progress, telling)
}

/** Hosts' names are padded to this width. */
export function nameWidth(progress: Progress): number {
  return Math.max(8, ...progress.hosts.map(name => name.length))
}

/** `00:13 push`, and its note when it has one. */
export function phaseHeading(event: Extract<Event, { type: 'phase.start' }>, progress: Progress, telling: Telling) {
  const note = event.note === undefined || event.note === '' ? '' : `   ${escapeLine(event.note)}`
  const name = note === '' ? event.phase : event.phase.padEnd(8)
  return `${stampText(telling.now - progress.startedAt)} ${telling.paint.strong(name)}${note}`
}

function quietLines(event: Event, progress: Progress, telling: Telling): string[] {
  const matters =
    event.type === 'host.gone' ||
    (event.type === 'note' && event.level === 'warning') ||
    ((event.type === 'host.end' || event.type === 'phase.end') && !event.ok)
  return matters ? allLines(event, progress, telling) : []
}

function allLines(event: Event, progress: Progress, telling: Telling): string[] {
  const { paint } = telling
  const width = nameWidth(progress)
  const named = (name: string | null) => (name === null ? '' : `${name.padEnd(width)} `)
  switch (event.type) {
    case 'run.release':
      return progress.announced ? [indent + releaseText(event)] : [headerText(progress, event, paint), '']
    case 'phase.start':
      return [...headerLines(progress, paint), phaseHeading(event, progress, telling)]
    case 'phase.end':
      return phaseEndLines(event, paint)
    case 'host.end':
      return [`${indent}${mark(event.ok, paint)} ${named(event.host)}${stepText(event)}`]
    case 'host.gone':
      return [`${indent}${paint.warn('!')} ${named(event.host)}goes on without it: ${escapeLine(event.note)}`]
    case 'output': {
      const name = event.host ?? phaseOf(progress, null)?.phase ?? 'here'
      return [`${indent}${named(name)}| ${escapeLine(event.line)}`]
    }
    case 'bake.look':
      return event.ok && telling.verbosity !== 'verbose' ? [] : lookLines(event, paint, named('bake'))
    case 'note': {
      const sign = event.level === 'warning' ? paint.warn('!') : '·'
      return [`${indent}${sign} ${named(event.host)}${escapeLine(event.text)}`]
    }
    case 'traffic':
      return telling.verbosity === 'verbose'
        ? [`${indent}· ${named(event.host)}${event.roundTrips} round trips, ${bytesText(event.bytes)} sent`]
        : []
    case 'budget':
      return telling.verbosity === 'verbose'
        ? [
            `${indent}· ${durationText(event.ms)} since the start of the program, ${durationText(event.cpuMs)} of processor time here`,
          ]
        : []
    case 'script':
      return telling.verbosity === 'verbose' ? scriptLines(event, named(event.host)) : []
    default:
      return []
  }
}

/** The run's first line, for when its first phase begins before its release is known. */
export function headerLines(progress: Progress, paint: Paint): string[] {
  return progress.announced || progress.app === '' ? [] : [headerText(progress, null, paint), '']
}

function phaseEndLines(event: Extract<Event, { type: 'phase.end' }>, paint: Paint): string[] {
  if (event.ok && event.note === '') return []
  return [`${indent}${mark(event.ok, paint)} ${escapeLine(event.note) || `${event.phase} failed`}`]
}

function lookLines({ ok, note, output }: Extract<Event, { type: 'bake.look' }>, paint: Paint, name: string): string[] {
  return [
    `${indent}${mark(ok, paint)} ${escapeLine(note)}`,
    ...output.slice(-shown).map(line => `${indent}${name}| ${escapeLine(line)}`),
  ]
}

function scriptLines(event: Extract<Event, { type: 'script' }>, name: string): string[] {
  const printed = event.stderr === '' ? [] : escapeLines(event.stderr)
  return [`${indent}  ${name}${scriptText(event)}`, ...printed.map(line => `${indent}${name}| ${line}`)]
}

/** From one sign of life to the next. */
export const heartbeatMs = 10_000

const shown = 5
/** What began only just now is no news. */
const newsMs = 1000

/** Signs of life for where nothing can be redrawn: who still sends how much, who still runs what. */
export function heartbeatLines(progress: Progress, nameWidth: number, now: number): string[] {
  return progress.phases.flatMap(phase => phaseLines(phase, nameWidth, now))
}

/** What only waits says so once a minute. */
function isDue({ phase, since }: PhaseProgress, now: number): boolean {
  const minutes = (ms: number) => Math.floor(ms / 60_000)
  return phase !== 'bake' || minutes(now - since) > minutes(Math.max(0, now - since - heartbeatMs))
}

function phaseLines(phase: PhaseProgress, nameWidth: number, now: number): string[] {
  if (!isDue(phase, now)) return []
  const running = phase.hosts.filter(host => host.state === 'running')
  const sending = running.filter(isSending).sort((a, b) => share(a) - share(b))
  const working = running.filter(host => !isSending(host) && now - host.since >= newsMs)
  if (running.length === 0 && now - phase.since >= newsMs)
    return [stillRunning(`${phase.phase} (${durationText(now - phase.since)})${untilText(phase)}`)]
  return [
    ...sending.slice(0, shown).map(host => `      … ${host.name.padEnd(nameWidth)} ${sentText(host)}`),
    ...(sending.length > shown ? [`      … ${sending.length - shown} more are further on`] : []),
    ...(working.length > 0
      ? [
          stillRunning(
            listed(
              working.map(host => workText(host, now)),
              shown,
            ),
          ),
        ]
      : []),
  ]
}

function untilText({ phase, note }: PhaseProgress): string {
  return phase === 'bake' ? ` ${escapeLine(note)}` : ''
}

function stillRunning(what: string): string {
  return `      … still running: ${what}`
}

function isSending(host: HostProgress): boolean {
  return host.bytes !== null && host.bytes.done < host.bytes.total
}

function share(host: HostProgress): number {
  return host.bytes === null ? 0 : host.bytes.done / host.bytes.total
}

function sentText(host: HostProgress): string {
  const { done, total } = host.bytes ?? { done: 0, total: 0 }
  return `${partText(done, total)} (${percent(done, total)}%)`
}

function workText(host: HostProgress, now: number): string {
  return `${[host.name, escapeLine(host.step)].join(' ').trim()} (${durationText(now - host.since)})`
}
