import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { signalGroup } from '../../process-group.js'
import { formatDuration } from '../../text/duration.js'
import { escapeLines } from '../../text/escape.js'
import { within } from '../../time-limit.js'

/** What a command printed, and how it ended where that was not well. */
export interface Printed {
  readonly stdout: string
  /** The lines of its stderr, escaped; the last ones where there are many. */
  readonly said: readonly string[]
  /** `ended with exit code 4`; null: with 0. */
  readonly failed: string | null
}

interface Limits {
  readonly cwd: string
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal | null
}

const longest = 32 << 20
const mostSaid = 20

/**
 * Runs a command with `sh -c`, in a process group of its own that is ended with it. It cannot ask: it has no stdin and no
 * terminal. Rejects with the signal's reason where that ends it.
 */
export async function printedBy(command: string, { cwd, timeout, signal }: Limits): Promise<Printed> {
  signal?.throwIfAborted()
  const child = spawn('sh', ['-c', command], { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let why: string | null = null
  const end = (reason: string | null) => {
    why ??= reason
    signalGroup(child, 'SIGKILL')
  }
  const abort = () => end(null)
  const timer = setTimeout(() => end(`did not end within ${formatDuration(timeout)}`), timeout)
  signal?.addEventListener('abort', abort, { once: true })
  const stdout = collected(child.stdout, () => end(`printed more than ${longest >> 20} MB`))
  const stderr = collected(child.stderr, () => {})
  try {
    const closed = once(child, 'close')
    closed.catch(() => {})
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    end(null)
    // What left the group, such as a master of ssh, may hold our pipes open for ever.
    await within(2_000, closed).catch(() => {})
    signal?.throwIfAborted()
    const ended = code === null ? `was killed by ${killedBy}` : `ended with exit code ${code}`
    return { stdout: stdout(), said: lastLines(stderr()), failed: why ?? (code === 0 ? null : ended) }
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

function lastLines(text: string): readonly string[] {
  return text === '' ? [] : escapeLines(text, 300).slice(-mostSaid)
}

/** The text of a stream so far, as much of it as is taken; `full` is called when there is more. */
function collected(stream: NodeJS.ReadableStream, full: () => void): () => string {
  const chunks: Buffer[] = []
  let bytes = 0
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= longest) chunks.push(chunk)
    else full()
  })
  return () => Buffer.concat(chunks).toString('utf8').trim()
}
