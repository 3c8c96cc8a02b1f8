import type { Event } from '../../fleet/events.js'
import type { Clock } from '../output.js'

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

/** Options with nothing left open. */
export type Settings = Required<RendererOptions>
