import type { Event } from '../../fleet/events.js'
import { escapeLine } from '../../text/escape.js'
import { durationText } from '../../text/units.js'
import { headerText, mark, releaseText } from '../lines.js'
import { endedLine, nameWidthOf, phaseLine } from './frame.js'
import { headerLines, plainLines, type Telling } from './plain-lines.js'
import type { PhaseProgress, Progress } from './progress.js'

/** The lines of an event that stay on the screen, above the frame; `progress` is what was under way before it. */
export function keptLines(event: Event, progress: Progress, telling: Telling): string[] {
  const { paint } = telling
  switch (event.type) {
    case 'run.release':
      return progress.announced ? [`      ${releaseText(event)}`] : [headerText(progress, event, paint), '']
    case 'phase.start':
      return headerLines(progress, paint)
    case 'phase.end': {
      const phase = progress.phases.find(other => other.phase === event.phase)
      return phase === undefined ? [] : finishedLines(event, phase, progress, telling)
    }
    case 'note':
      return plainLines(event, progress, telling)
    case 'script':
    case 'traffic':
    case 'output':
      return telling.verbosity === 'verbose' ? plainLines(event, progress, telling) : []
    default:
      return []
  }
}

/** A finished phase is one line; the hosts that failed in it keep theirs, with the last that they printed. */
function finishedLines(
  event: Extract<Event, { type: 'phase.end' }>,
  phase: PhaseProgress,
  progress: Progress,
  { paint }: Telling,
): string[] {
  const took = event.ms < 1000 ? '' : paint.dim(`   ${durationText(event.ms)}`)
  const note = [phase.note, event.note].filter(text => text !== '').map(text => escapeLine(text))
  const width = nameWidthOf(phase)
  const failed = phase.hosts.filter(host => host.state === 'failed')
  return [
    phaseLine(phase, progress.startedAt, `${mark(event.ok, paint)} ${note.join('   ')}${took}`, paint),
    ...failed.flatMap(host => [
      endedLine(phase, host, width, paint),
      ...phase.output
        .filter(printed => printed.host === host.name)
        .map(({ line }) => `    ${host.name} | ${escapeLine(line)}`),
    ]),
  ]
}
