import type { Event } from '../fleet/events.js'
import { type Clock, systemClock } from './clock.js'
import { githubRenderer } from './github.js'
import { jsonlRenderer } from './jsonl.js'
import type { RendererKind } from './kind.js'
import type { Output } from './output.js'
import { createPaint } from './paint.js'
import { plainRenderer } from './plain.js'
import { ttyRenderer } from './tty.js'

/** Shows a run while it happens. `end` stops its timers and leaves the terminal as it was; calling it twice is fine. */
export interface Renderer {
  readonly event: (event: Event) => void
  readonly end: () => void
  /** Whether a question stands on the terminal: what is redrawn in place keeps away from it. */
  readonly pause?: (asking: boolean) => void
}

/** `quiet`: warnings, failures and the last words; `verbose`: every script and every line that was printed, too. */
export type Verbosity = 'quiet' | 'normal' | 'verbose'

export interface RendererOptions {
  readonly verbosity?: Verbosity
  /** The outcome as one JSON object on stdout, in place of its one line. */
  readonly json?: boolean
  /** GitHub's files: where to append the step summary and the outputs. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly clock?: Clock
}

/** The renderer of this kind. Progress goes to stderr, the result to stdout; jsonl goes to stdout alone. */
export async function createRenderer(
  kind: RendererKind,
  output: Output,
  options: RendererOptions = {},
): Promise<Renderer> {
  const settings = {
    verbosity: options.verbosity ?? 'normal',
    json: options.json ?? false,
    clock: options.clock ?? systemClock,
    env: options.env ?? {},
  }
  if (kind === 'jsonl') return jsonlRenderer(output.stdout, settings.clock)
  const paint = await createPaint(output.terminal.stderr.level)
  if (kind === 'github') return githubRenderer(output, paint, settings)
  if (kind === 'tty' && settings.verbosity !== 'quiet') {
    return ttyRenderer(output, paint, settings)
  }
  return plainRenderer(output, paint, settings)
}

/** Options with nothing left open. */
export type Settings = Required<RendererOptions>
