import type { Stop } from '../../fleet/stop.js'
import type { Output } from '../../render/output.js'
import type { Renderer } from '../../render/progress/renderer.js'
import { shipped, type Times } from '../../state/protocol-times.js'
import { again, lineOf, type Propose, proposer } from '../../text/propose-command.js'
import type { Io } from '../context/io.js'
import type { Asked } from './dispatch.js'

/** Who asks for a command: a command line, or a program. */
export interface Caller {
  readonly cwd: string
  readonly env: Io['env']
  readonly output: Output
  readonly stop: Stop
  /** The command line, as it was typed, or would be. */
  readonly argv: readonly string[]
  /** What to type to start clonedeploy; its name unless said. */
  readonly program?: string | undefined
  readonly times?: Times | undefined
  /** Hears the events in place of a terminal; null: there is one. */
  readonly audience: Renderer | null
}

/** A command from what was asked to its end, and what is known of it meanwhile. */
export interface Invocation {
  /** Its exit code. Throws what kept it from an end of its own. `main`: runs a whole command line. */
  readonly run: (asked: Asked, canAsk: boolean, main: Main) => Promise<number>
  /** null: not known yet. */
  readonly stage: () => string | null
  readonly hasContacted: () => boolean
  readonly propose: Propose
  /** Lets go of those who are still told of its end; false: it has not come to that. */
  readonly hurry: () => boolean
  /** Keeps an end without an outcome beside the events of the run. */
  readonly keep: (end: object) => void
  /** What it has warned of so far, each once. */
  readonly warnings: () => readonly string[]
  /** What it came to, as `--json` prints it, of a command that has no events for that; null: nothing yet. */
  readonly answer: () => object | null
}

type Main = (args: readonly string[], cwd: string) => Promise<number>

/** What the command line and the library stand on. */
export function createInvocation(caller: Caller): Invocation {
  const { program = 'clonedeploy' } = caller
  const now: Standing = {
    contacted: false,
    stage: null,
    propose: proposer({ config: null, stage: null, program }),
    hurry: null,
    keep: () => {},
    warnings: new Set(),
    answer: null,
  }
  return {
    async run(asked, canAsk, main) {
      const proposerOn = (stage: string | null) =>
        proposer({ config: text(asked.flags.config), stage, program }, lineOf(caller.argv))
      now.stage = text(asked.flags.stage)
      now.propose = proposerOn(now.stage)
      const { dispatch } = await import('./dispatch.js')
      return dispatch({ ...ioOf(caller, now, proposerOn), canAsk }, asked, main)
    },
    stage: () => now.stage,
    hasContacted: () => now.contacted,
    propose: text => now.propose(text),
    hurry() {
      now.hurry?.()
      return now.hurry !== null
    },
    keep: end => now.keep(end),
    warnings: () => [...now.warnings],
    answer: () => now.answer,
  }
}

interface Standing {
  contacted: boolean
  stage: string | null
  propose: Propose
  hurry: (() => void) | null
  keep: (end: object) => void
  readonly warnings: Set<string>
  answer: object | null
}

function ioOf(
  { cwd, env, output, stop, times = shipped, argv, audience }: Caller,
  now: Standing,
  proposerOn: (stage: string | null) => Propose,
): Omit<Io, 'canAsk'> {
  return {
    cwd,
    env,
    output,
    now: () => new Date(),
    stop,
    times,
    audience,
    propose: text => now.propose(text),
    again: more => again(argv, more),
    contacted() {
      now.contacted = true
    },
    onStage(name, typed) {
      now.stage = name
      if (typed) now.propose = proposerOn(name)
    },
    onTelling(hurry) {
      now.hurry = hurry
    },
    onRun(refused) {
      now.keep = refused
    },
    onWarning(warning) {
      now.warnings.add(warning)
    },
    onAnswer(report) {
      now.answer = report
    },
  }
}

function text(flag: unknown): string | null {
  return typeof flag === 'string' ? flag : null
}
