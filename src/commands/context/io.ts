import { Refusal } from '../../errors.js'
import type { Stop } from '../../fleet/stop.js'
import type { Output } from '../../render/output.js'
import type { Renderer } from '../../render/progress/renderer.js'
import type { Times } from '../../state/protocol-times.js'
import { capital } from '../../text/phrases.js'
import type { Propose } from '../../text/propose-command.js'

/** The world as a command sees it; read once in `cli.ts`, so that the core asks nothing of the process. */
export interface Io {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly output: Output
  readonly now: () => Date
  /** Whether a person can be asked: stdin and stderr are terminals, and --no-input was not given. */
  readonly canAsk: boolean
  readonly stop: Stop
  readonly times: Times
  /** Makes a command that is proposed complete: with the configuration and the stage that were named. */
  readonly propose: Propose
  /** This command line, with something more. */
  readonly again: (more: string) => string
  /** From here on an interruption is no longer "before any host was contacted". */
  readonly contacted: () => void
  /** From here on, all that is said is of this stage. `typed`: a word of the command line named it. */
  readonly onStage: (stage: string, typed: boolean) => void
  /** The run is over, and somebody is still told of it: from here on, a signal only says to hurry. */
  readonly onTelling: (hurry: () => void) => void
  /** What is kept of this run takes its end, if it comes to no outcome. */
  readonly onRun: (refused: (end: object) => void) => void
  /** What a command without a run came to, as its JSON says it. */
  readonly onAnswer: (report: object) => void
  /** What the run warns of, complete and without secrets: a refusal says it again. */
  readonly onWarning: (text: string) => void
  /** Hears the events in place of a terminal; null: there is one. */
  readonly audience: Renderer | null
}

/** Stopped by the user while nothing had been changed. `cli.ts` makes it 130 or 143 when no host was contacted yet. */
export class Interrupted extends Refusal {
  override name = 'Interrupted'
  override readonly exitCode = 3
  constructor(reason: string) {
    super(`${reason.startsWith('stopped ') ? capital(reason) : `Stopped: ${reason}`}.`, { changed: 'nothing' })
  }
}

/** Aborted with an Interrupted when the run is told to stop. */
export function untilStopped({ stop }: Io): AbortSignal {
  const over = new AbortController()
  stop.asked.then(reason => over.abort(new Interrupted(reason)))
  return over.signal
}

/** Ctrl-C at a question that is asked before any host is contacted: there it is a key, not a signal. */
export class CalledOff extends Refusal {
  override name = 'CalledOff'
  override readonly exitCode = 130
  constructor() {
    super('Stopped: you called it off.', { changed: 'nothing' })
  }
}

/** Stopped for good by a second signal: nothing more was waited for, so nothing more is known. */
export class LeftAtOnce extends Refusal {
  override name = 'LeftAtOnce'
  override readonly exitCode
  constructor(mayHaveChanged: boolean) {
    const back = 'Hosts that swapped put themselves back when their lease is over (15 s), or wait for a repair.'
    super(`Stopped at once.${mayHaveChanged ? ` ${back}` : ''}`, {
      changed: mayHaveChanged ? null : 'nothing',
      next: mayHaveChanged ? ['look: clonedeploy status'] : [],
    })
    this.exitCode = mayHaveChanged ? (6 as const) : (3 as const)
  }
}
