import type { RunResult } from '../../connection/connection.js'
import { PreflightError } from '../../errors.js'
import type { Host } from '../../inventory/host.js'
import { inspect, isInspection } from '../../scripts/read/inspect.js'
import { Script } from '../../scripts/shell/shell.js'
import type { HostState } from '../../state/host-state.js'
import { escapeLine } from '../../text/escape.js'
import { linesOf } from '../app-log.js'
import { onEach } from '../each-host.js'
import { failureOf } from '../failure.js'
import type { Session } from '../session.js'
import { parseInspect } from './parse-inspect.js'

export interface Inspected {
  readonly session: Session
  readonly state: HostState | null
  readonly error: string | null
  /** How many sessions the host was seen to allow at once. */
  readonly sessions: number
}

const timeout = 30_000

/**
 * Reads the state of every host: one script, one answer each; nothing is changed. As many sessions as are wanted at once
 * are opened meanwhile; they stay open for the scripts to come. `warms`: which hosts will run two releases, and need memory for both.
 */
export async function inspectAll(
  sessions: readonly Session[],
  sharedFiles: readonly string[],
  concurrency: number,
  wanted = 1,
  warms: (host: Host) => boolean = () => false,
): Promise<readonly Inspected[]> {
  const asked = new Set(sharedFiles.map(file => escapeLine(file)))
  return onEach(sessions, concurrency, async session => {
    const reading = session.run(inspect(session.host.deployTo, sharedFiles, warms(session.host)), { timeout })
    const others = Array.from({ length: wanted - 1 }, () => session.run(new Script('session', ':'), { timeout }))
    const result = await reading
    await Promise.all(others)
    const opened = session.connection().sessions()
    if (result.code === 0) {
      const said = isInspection(result.stdout) ? parseInspect(session.host.name, result.stdout) : null
      const error = said === null ? noInspection(result) : elsewhere(said.root, session.host.deployTo)
      const state = said && error === null ? { ...said, missing: said.missing.filter(file => asked.has(file)) } : null
      return { session, state, error, sessions: opened }
    }
    const failure = failureOf({ phase: 'check', step: 'inspect', text: 'inspect', timeout }, result)
    const error = [failure.message, ...failure.output.slice(-1).map(line => `its last line: "${line}"`)].join('; ')
    return { session, state: null, error, sessions: opened }
  })
}

/** A host that says that all went well, and does not say what there is. */
function noInspection({ stdout }: RunResult): string {
  const [first] = linesOf(stdout).filter(line => line.trim() !== '')
  const said = first === undefined ? 'nothing' : `"${escapeLine(first, 200)}"`
  return `inspect: it ended well, but its answer has no end: it said ${said}`
}

/** Everything on a host is done in that folder. */
function elsewhere(root: string, deployTo: string): string | null {
  const wanted = deployTo.replace(/^~\//, '').replace(/(?<=.)\/+$/, '')
  const home = wanted.startsWith('/') ? '' : root.slice(0, -wanted.length)
  if (root === home + wanted && /^(\/.*)?$/.test(home) && escapeLine(home, root.length) === home) return null
  return `inspect: it answered for another folder, "${escapeLine(root, 200)}"`
}

/** Stops the run when a host could not be read. */
export function demandStates(
  inspected: readonly Inspected[],
): readonly { readonly session: Session; readonly state: HostState; readonly sessions: number }[] {
  const failed = inspected.filter(({ state }) => state === null)
  if (failed.length > 0) {
    throw new PreflightError(`${failed.map(({ session }) => session.host.name).join(', ')} could not be read.`, {
      changed: 'nothing',
      details: failed.map(({ session, error }) => `${session.host.name}  ${error}`),
    })
  }
  return inspected.map(({ session, state, sessions }) => ({ session, state: state as HostState, sessions }))
}
