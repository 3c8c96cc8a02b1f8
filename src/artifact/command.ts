import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { PreflightError } from '../errors.js'
import { lineCutter } from '../line-cutter.js'
import { signalGroup } from '../process-group.js'
import { within } from '../time-limit.js'

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
      const lines = lineCutter(text => {
        const line = rewritten(text)
        if (last.push(line) > 20) last.shift()
        onOutput(line, stream)
      })
      child[stream].on('data', lines.write).on('end', lines.end)
    }
    const [code, killedBy] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
    await endGroup(child)
    // A daemon that left the group may keep our pipes open for ever.
    await within(2_000, closed).catch(() => {})
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

/** A line that a progress bar rewrote (\r) is told once, as it was last. */
function rewritten(line: string): string {
  return line.replace(/\r+$/, '').replace(/^.*\r/s, '')
}
