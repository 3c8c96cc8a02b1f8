import { appendFileSync, closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../../../fleet/events.js'
import type { Clock } from '../../../render/output.js'
import { jsonLine, jsonlRenderer } from '../../../render/progress/jsonl.js'
import type { Renderer } from '../../../render/progress/renderer.js'
import { removeOldRuns } from './old-runs.js'
import { runName } from './run-name.js'

/** What is kept of a run: its events, as `--output jsonl` writes them. */
export interface RunEvents extends Renderer {
  /** Adds the end of a run that came to no outcome; also once the program is about to end. */
  readonly refused: (end: object) => void
}

/** What commands print is kept up to so many characters, about a hundred more for each line; all of it is in the log. */
const [mostPrinted, perLine] = [4_000_000, 100]

/** Keeps the events of each run, from its first one on, in a file of this folder for `report`. A dry run is none. */
export function keepEvents(dir: string, clock: Clock): RunEvents {
  let file: { readonly path: string; readonly fd: number } | null = null
  let printed = 0
  const lines = jsonlRenderer(text => {
    if (file !== null) writeSync(file.fd, text)
  }, clock)
  return {
    event(event) {
      if (file === null && isStart(event)) file = begin(dir, event.command, new Date(clock.now()))
      if (file === null || event.type === 'host.progress') return
      if (event.type !== 'output') return lines.event(event)
      const before = printed
      printed += event.line.length + perLine
      if (printed <= mostPrinted) lines.event(event)
      else if (before <= mostPrinted) lines.event(cut)
    },
    refused(end) {
      if (file === null) return
      const outcome = { v: 1, t: new Date(clock.now()).toISOString(), type: 'run.end', outcome: end }
      appendFileSync(file.path, jsonLine(outcome))
    },
    end() {
      if (file !== null) closeSync(file.fd)
    },
  }
}

const cut: Event = {
  type: 'note',
  level: 'info',
  host: null,
  text: 'more was printed than is kept beside the log: the rest stands in the log',
}

function isStart(event: Event): event is Extract<Event, { type: 'run.start' }> {
  return event.type === 'run.start' && !event.command.endsWith(' --dry-run')
}

function begin(dir: string, command: string, now: Date) {
  mkdirSync(dir, { recursive: true })
  tidy(dir)
  for (let n = 1; ; n++) {
    const path = join(dir, `${runName(now, command, n)}.jsonl`)
    try {
      return { path, fd: openSync(path, 'ax', 0o600) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}

/** What cannot be removed stays: another run may be at it. */
function tidy(dir: string): void {
  try {
    removeOldRuns(dir)
  } catch {}
}
