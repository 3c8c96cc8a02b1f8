import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import { PreflightError } from '../errors.js'
import { signalGroup } from '../process-group.js'

export type OnOutput = (line: string, stream: 'stdout' | 'stderr') => void

interface CommandOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  readonly onOutput: OnOutput
  readonly signal?: AbortSignal | undefined
}

/** A build command ended with another exit code than 0, or by a signal. */
class BuildFailedError extends PreflightError {
  override name = 'BuildFailedError'
  constructor(
    readonly command: string,
    /** `exited with 2`, `was killed by SIGKILL`. */
    readonly how: string,
    /** Its last lines. */
    readonly output: readonly string[],
  ) {
    super(`the build failed: ${command} ${how}`, {
      details: output,
      next: [`run it here to see more: ${command}`],
    })
  }
}

/**
 * Runs one command of the build with `sh -c`, in a process group of its own. The signal ends the whole group, and the
 * promise then rejects with the signal's reason; processes that the command leaves behind are ended with it too.
 */
export async function runCommand(command: string, { cwd, env, onOutput, signal }: CommandOptions): Promise<void> {
  signal?.throwIfAborted()
  const last: string[] = []
  const child = spawn('sh', ['-c', command], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const abort = () => void endGroup(child)
  signal?.addEventListener('abort', abort, { once: true })
  try {
    const closed = once(child, 'close')
    closed.catch(() => {})
    for (const stream of ['stdout', 'stderr'] as const) {
      const lines = outputLines(line => {
        if (last.push(line) > 20) last.shift()
        onOutput(line, stream)
      })
      child[stream].on('data', lines.push).on('end', lines.end)
    }
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    await endGroup(child)
    await within(2_000, closed)
    signal?.throwIfAborted()
    if (code !== 0) throw new BuildFailedError(command, howItEnded(code, killedBy), last)
  } finally {
    signal?.removeEventListener('abort', abort)
    child.stdout.destroy()
    child.stderr.destroy()
  }
}

function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return 'was killed by SIGKILL (out of memory?)'
  return signal ? `was killed by ${signal}` : `exited with ${code}`
}

/** Asks the group to end, and five seconds later makes it. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (!signalGroup(child, 'SIGTERM')) return
  for (let waited = 0; waited < 5_000; waited += 50) {
    await sleep(50)
    if (!signalGroup(child, 0)) return
  }
  signalGroup(child, 'SIGKILL')
}

/** A daemon that left the group may keep our pipes open for ever. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const late = new AbortController()
  const timeout = sleep(ms, null, { signal: late.signal }).catch(() => null)
  await Promise.race([work, timeout])
  late.abort()
}

const longest = 16_384

/** Cuts a stream of chunks into lines. A line that a progress bar rewrote (\r) is told once, as it was last. */
interface OutputLines {
  readonly push: (chunk: Buffer) => void
  readonly end: () => void
}

function outputLines(onLine: (line: string) => void): OutputLines {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  const tell = (line: string) => onLine(line.replace(/\r+$/, '').replace(/^.*\r/s, ''))
  const take = (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(tell)
    if (rest.length <= longest) return
    tell(rest)
    rest = ''
  }
  return {
    push: chunk => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end())
      if (rest !== '') tell(rest)
      rest = ''
    },
  }
}
