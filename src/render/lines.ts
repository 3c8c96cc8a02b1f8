import type { Event } from '../fleet/events.js'
import type { Phase } from '../fleet/outcome.js'
import { durationText } from '../text/duration.js'
import { escapeLine } from '../text/escape.js'
import { counted } from '../text/phrases.js'
import type { Paint } from './paint.js'
import type { Progress } from './progress/progress.js'

/** `✔` or `✖`. */
export function mark(ok: boolean, paint: Paint): string {
  return ok ? paint.good('✔') : paint.bad('✖')
}

/** What a step that ended has to say: its note, with its name where people named it (hooks). */
export function stepText(step: { phase: Phase; step: string; note: string; ms: number }): string {
  const note = escapeLine(step.note)
  const name = escapeLine(step.step)
  if (note === '') return `${name}   ${durationText(step.ms)}`
  const named = step.phase === 'prepare' || step.phase === 'restart'
  return named && !note.includes(name) ? `${name}   ${note}` : note
}

/** `shop → production   3 hosts`, and the release when it is known. */
export function headerText(progress: Progress, release: Extract<Event, { type: 'run.release' }> | null, paint: Paint) {
  const command = progress.command === 'deploy' || progress.command === '' ? [] : [progress.command]
  const parts = [
    paint.strong(`${progress.app} → ${progress.stage}`),
    ...command,
    counted(progress.hosts.length, 'host'),
    ...(release === null ? [] : [releaseText(release)]),
  ]
  return parts.join('   ')
}

/** `release ID (main, clean)   was ID`. */
export function releaseText(event: Extract<Event, { type: 'run.release' }>): string {
  const note = event.note === '' ? '' : ` (${escapeLine(event.note)})`
  const was = event.previous === null || event.previous === event.release ? '' : `   was ${event.previous}`
  return `release ${event.release}${note}${was}`
}

/** `$ unpack   exit 0   41 ms`. */
export function scriptText(event: Extract<Event, { type: 'script' }>): string {
  const end = event.code === null ? 'end unknown' : `exit ${event.code}`
  return `$ ${escapeLine(event.name)}   ${end}   ${durationText(event.ms)}`
}
