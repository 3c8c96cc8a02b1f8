import { resolve } from 'node:path'
import { createInvocation, type Invocation } from '../commands/invocation/invocation.js'
import { keepEnd } from '../commands/invocation/keep-end.js'
import { Refusal } from '../errors.js'
import type { Event } from '../fleet/events.js'
import { createStopper, type Stop } from '../fleet/stop.js'
import { createOutput, type OutputStream } from '../render/output.js'
import { stamped } from '../render/progress/jsonl.js'
import type { Renderer } from '../render/progress/renderer.js'
import { brokenEnd, isTransaction } from '../render/reports/broken-end.js'
import type { Times } from '../state/protocol-times.js'
import { lineOf } from '../text/propose-command.js'
import type { RunEvent } from './events.js'
import { flagsOf, type Name, type OptionsOf } from './flags-of.js'

/** What of the process a run has to do with. */
export interface Ground {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly times?: Times
}

type Tell = (event: RunEvent) => void

/**
 * Runs a command by the very steps of the command line; but it writes to no stream of the process, asks nobody, hears no signal,
 * and ends no process. What it came to, as `--json` prints it; throws only what is a bug.
 */
export async function carryOut<N extends Name>(
  name: N,
  options: OptionsOf[N],
  tell: Tell,
  ground: Ground,
): Promise<object> {
  const stopper = createStopper()
  const audience = listener(tell)
  const { cwd, stage, signal } = options
  const invocation = createInvocation({
    ...ground,
    cwd: resolve(ground.cwd, typeof cwd === 'string' ? cwd : '.'),
    output: createOutput({ stdout: nowhere, stderr: nowhere }, {}, { color: false }),
    stop: stopper.stop,
    argv: [name, ...(typeof stage === 'string' ? [stage] : [])],
    audience,
  })
  const forget = whenAborted(signal, reason => {
    if (!invocation.hurry()) stopper.ask(reason)
  })
  try {
    await invocation.run({ command: name, flags: { ...flagsOf(name, options) }, words: [] }, false, noMain)
    return demandReport(audience.report() ?? invocation.answer(), name)
  } catch (error) {
    return refused(name, error, { invocation, stop: stopper.stop, tell, env: ground.env })
  } finally {
    forget()
  }
}

interface Listener extends Renderer {
  /** What the last run came to; null: it has not ended. */
  readonly report: () => object | null
}

/** Tells the events as the stream has them. */
function listener(tell: Tell): Listener {
  let report: object | null = null
  return {
    event(event: Event) {
      if (event.type === 'script') return
      const told = stamped(event, new Date()) as RunEvent
      if (told.type === 'run.end') report = told.outcome
      tell(told)
    },
    end() {},
    report: () => report,
  }
}

function demandReport(report: object | null, name: Name): object {
  if (report === null) throw new Error(`${name} has come to no end`)
  return report
}

interface Around {
  readonly invocation: Invocation
  readonly stop: Stop
  readonly tell: Tell
  readonly env: Ground['env']
}

/** A refusal is an outcome, and is kept and told as one. */
function refused(command: Name, error: unknown, { invocation, stop, tell, env }: Around): object {
  const { hasContacted, stage, propose, warnings, keep } = invocation
  const code = stop.reason() !== null && !hasContacted() ? 130 : null
  const { report } = brokenEnd(error, { command, stage: stage(), code, propose, warnings: warnings() })
  const stamp = { v: 1, t: new Date().toISOString() } as const
  for (const text of keepEnd(report, keep, env)) tell({ ...stamp, type: 'note', level: 'warning', host: null, text })
  if (!(error instanceof Refusal)) throw error
  if (isTransaction(command)) tell({ ...stamp, type: 'run.end', outcome: report } as RunEvent)
  return report
}

/** Calls back once, also where it is aborted already; gives how to end that. */
function whenAborted(signal: AbortSignal | undefined, act: (reason: string) => void): () => void {
  if (!(signal instanceof AbortSignal)) return () => {}
  const tell = () => act(reasonOf(signal.reason))
  if (signal.aborted) tell()
  else signal.addEventListener('abort', tell, { once: true })
  return () => signal.removeEventListener('abort', tell)
}

/** `abort()` without a reason says nothing that is worth telling. */
function reasonOf(reason: unknown): string {
  if (reason instanceof Error) {
    if (reason.name === 'TimeoutError') return 'stopped because its time is over'
    return reason.name === 'AbortError' ? 'stopped by its caller' : `stopped by its caller: ${reason.message}`
  }
  return typeof reason === 'string' && reason !== '' ? `stopped by its caller: ${reason}` : 'stopped by its caller'
}

const nowhere: OutputStream = { destroyed: true, write: () => true, on: () => {} }

function noMain(args: readonly string[]): never {
  throw new Error(`the library runs no command line: ${lineOf(args)}`)
}
