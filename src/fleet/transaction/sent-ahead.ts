import type { RunOptions, RunResult } from '../../connection/connection.js'
import { chain, stoppedAt, withoutStop } from '../../scripts/shell/script-chain.js'
import type { Script } from '../../scripts/shell/shell.js'
import type { Session } from '../session.js'

/** Scripts that were sent together. The result of each is taken once, by its name. */
export interface SentAhead {
  readonly names: readonly string[]
  readonly stopped: string | null
  readonly result: RunResult
}

/** Keeps the results of what was sent ahead. */
interface Sender {
  sentAhead: SentAhead | null
}

/** Runs scripts on a host in one round trip and keeps their results for the steps that they belong to. */
export async function sendAhead(
  host: Sender & { readonly name: string; readonly session: Session },
  scripts: readonly Script[],
  options: RunOptions,
): Promise<void> {
  const [first] = scripts
  if (first === undefined) return
  const names = scripts.map(({ name }) => name)
  const result = await host.session.run(scripts.length === 1 ? first : chain(scripts), options)
  const failed = scripts.length === 1 ? first.name : stoppedAt(result.stdout)
  // If it is unknown which script failed, the result of the first is unknown, too.
  const lost = result.lost ?? new Error(`the shell on ${host.name} ended before it said how`)
  const unknown = result.code !== 0 && failed === null ? { code: null, lost } : {}
  host.sentAhead = {
    names,
    stopped: result.code === 0 ? null : (failed ?? first.name),
    result: { ...result, ...unknown, stdout: withoutStop(result.stdout) },
  }
}

/** The result of a script that was sent ahead; null if it did not run, or was taken before. */
export function takeSentAhead(host: Sender, name: string): RunResult | null {
  const { sentAhead } = host
  const at = sentAhead?.names.indexOf(name) ?? -1
  if (sentAhead === null || at < 0) return null
  const stop = sentAhead.stopped === null ? sentAhead.names.length : sentAhead.names.indexOf(sentAhead.stopped)
  host.sentAhead = { ...sentAhead, names: sentAhead.names.with(at, '') }
  if (at > stop) return null
  return at === stop ? sentAhead.result : { ...sentAhead.result, code: 0, signal: null, lost: null }
}
