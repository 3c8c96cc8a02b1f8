import { type ColorLevel, colorLevel } from './paint.js'
import { wrapped } from './wrap.js'

/** The two streams of the process, and all that is known of them. Writing never throws and never ends the process. */
export interface Output {
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Writes to stderr what did not come of an event, with no frame left above it. */
  readonly aside: (text: string) => void
  /** Says how a frame is taken away that is redrawn on stderr. */
  readonly framed: (clear: () => void) => void
  readonly terminal: { readonly stdout: Terminal; readonly stderr: Terminal }
}

/** One stream; `columns` and `rows` are read anew each time, for a window may be resized. 0: unknown. */
interface Terminal {
  readonly isTTY: boolean
  readonly level: ColorLevel
  readonly columns: number
  readonly rows: number
}

/** What is needed of `process.stdout`. */
export interface OutputStream {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  readonly destroyed: boolean
  readonly write: (text: string) => boolean
  readonly on: (event: 'error', listener: (error: Error) => void) => unknown
}

export function createOutput(
  streams: { readonly stdout: OutputStream; readonly stderr: OutputStream },
  env: Readonly<Record<string, string | undefined>>,
  flags: { readonly color: boolean },
): Output {
  const stderr = writer(streams.stderr)
  let clearFrame = () => {}
  return {
    stdout: writer(streams.stdout),
    stderr,
    aside(text) {
      clearFrame()
      stderr(text)
    },
    framed(clear) {
      clearFrame = clear
    },
    terminal: { stdout: terminal(streams.stdout, env, flags), stderr: terminal(streams.stderr, env, flags) },
  }
}

/**
 * Characters that a terminal acts on although JSON lets them stand as they are, and nothing of ours prints: whatever text
 * they came with, they are shown as JSON would write them.
 */
const unsafe = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** JSON and scripts: a line that is broken means something else once it is copied. */
const forPrograms = /^[{#]/

/** The reader may go away at any time (`| head`, a closed window): a deploy must reach its end all the same. */
function writer(stream: OutputStream): (text: string) => void {
  let gone = false
  stream.on('error', () => {
    gone = true
  })
  return text => {
    if (gone || stream.destroyed || text === '') return
    try {
      const safe = text.replace(unsafe, escaped)
      const isRead = stream.isTTY === true && !forPrograms.test(safe)
      stream.write(isRead ? wrapped(safe, stream.columns ?? 0) : safe)
    } catch {
      gone = true
    }
  }
}

function terminal(
  stream: OutputStream,
  env: Readonly<Record<string, string | undefined>>,
  flags: { readonly color: boolean },
): Terminal {
  const isTTY = stream.isTTY === true
  return {
    isTTY,
    level: colorLevel({ isTTY }, env, flags),
    get columns() {
      return stream.columns ?? 0
    },
    get rows() {
      return stream.rows ?? 0
    },
  }
}

/** Time as renderers see it: milliseconds since 1970, and something to do again and again until it is stopped. */
export interface Clock {
  readonly now: () => number
  readonly every: (ms: number, tick: () => void) => () => void
}

export const systemClock: Clock = {
  now: () => Date.now(),
  every: (ms, tick) => {
    const timer = setInterval(tick, ms)
    timer.unref()
    return () => clearInterval(timer)
  },
}
