import { Writable } from 'node:stream'
import type { Event } from '../../fleet/events.js'
import { durationText } from '../../text/duration.js'
import { escapeLine } from '../../text/escape.js'
import { headerText, mark, releaseText } from '../lines.js'
import type { Output } from '../output.js'
import type { Paint } from '../paint.js'
import { tellOutcome } from '../print-outcome.js'
import { endedLine, frameLines, nameWidthOf, phaseLine } from './frame.js'
import { headerLines, plainLines, type Telling } from './plain-lines.js'
import { advance, noProgress, type PhaseProgress, type Progress } from './progress.js'
import type { Renderer, Settings } from './renderer.js'

const redrawMs = 80

/** A frame that is redrawn in place, below the lines that stay. */
export async function ttyRenderer(output: Output, paint: Paint, settings: Settings): Promise<Renderer> {
  const { createLogUpdate } = await import('log-update')
  const { clock, verbosity } = settings
  const terminal = output.terminal.stderr
  const size = () => ({ columns: terminal.columns || 80, rows: terminal.rows || 24 })
  // The cursor stays visible: hiding it would need somebody to show it again however the process ends.
  const draw = createLogUpdate(streamOf(output, size), { showCursor: true })
  let progress = noProgress(clock.now())
  let over = false
  let asking = false

  const redraw = () => {
    if (asking) return
    const lines = over ? [] : frameLines(progress, size(), clock.now(), paint)
    if (lines.length === 0) draw.clear()
    else draw(lines.join('\n'))
  }
  const keep = (lines: readonly string[]) => {
    if (lines.length === 0) return
    draw.clear()
    output.stderr(lines.map(line => `${line}\n`).join(''))
  }
  const stop = clock.every(redrawMs, redraw)
  output.framed(draw.clear)
  const pause = (now: boolean) => {
    if (now) draw.clear()
    asking = now
  }
  const end = () => {
    if (over) return
    over = true
    asking = false
    stop()
    redraw()
  }
  const event = (event: Event) => {
    const now = clock.now()
    keep(keptLines(event, progress, { paint, verbosity, now }))
    progress = advance(progress, event, now)
    if (event.type === 'phase.start' || event.type === 'phase.end') redraw()
    if (event.type !== 'run.end') return
    end()
    tellOutcome(event.outcome, output, paint, { json: settings.json, line: !output.terminal.stdout.isTTY })
  }
  return { event, end, pause }
}

/** The stream that log-update wants, on top of an Output. */
function streamOf(output: Output, size: () => { readonly columns: number; readonly rows: number }): Writable {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk, _encoding, done) => {
      output.stderr(String(chunk))
      done()
    },
  })
  return Object.defineProperties(stream, {
    isTTY: { value: true },
    columns: { get: () => size().columns },
    rows: { get: () => size().rows },
  })
}

/** The lines of an event that stay on the screen, above the frame; `progress` is what was under way before it. */
function keptLines(event: Event, progress: Progress, telling: Telling): string[] {
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
    case 'host.gone':
    case 'bake.look':
      return plainLines(event, progress, telling)
    case 'script':
    case 'traffic':
    case 'budget':
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
