import type { Stop } from '../../fleet/stop.js'
import type { Output } from '../../render/output.js'
import type { Times } from '../../state/times.js'
import type { Propose } from '../../text/propose.js'

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
}
