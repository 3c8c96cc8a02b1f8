import type { Event } from '../../fleet/events.js'
import type { Output } from '../output.js'
import type { Paint } from '../paint.js'
import { tellOutcome } from '../print-outcome.js'
import { heartbeatLines, heartbeatMs, nameWidth, plainLines } from './plain-lines.js'
import { advance, noProgress } from './progress.js'
import type { Renderer, Settings } from './renderer.js'

/** Lines that stay, each naming its host: for logs and pipes. */
export function plainRenderer(
  output: Output,
  paint: Paint,
  settings: Settings,
  linesOf: typeof plainLines = plainLines,
): Renderer {
  const { clock, verbosity } = settings
  let progress = noProgress(clock.now())
  const write = (lines: readonly string[]) => output.stderr(lines.map(line => `${line}\n`).join(''))
  const beat = () => write(heartbeatLines(progress, nameWidth(progress), clock.now()))
  const stop = verbosity === 'quiet' ? () => {} : clock.every(heartbeatMs, beat)
  const event = (event: Event) => {
    const now = clock.now()
    write(linesOf(event, progress, { paint, verbosity, now }))
    progress = advance(progress, event, now)
    if (event.type !== 'run.end') return
    stop()
    tellOutcome(event.outcome, output, paint, { json: settings.json, line: true })
  }
  return { event, end: stop }
}
