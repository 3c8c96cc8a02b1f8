import type { RunResult } from '../connection/connection.js'
import { chain, stoppedAt, withoutStop } from '../scripts/chain.js'
import type { Script } from '../scripts/shell.js'
import { unpack } from '../scripts/unpack.js'
import type { HostRun, Run } from './run.js'

/** A payload up to so many bytes goes along with the lock; a larger one waits until all locks are held. */
const small = 1 << 20

/** Scripts that were sent together; the result of each is taken by its name, once. */
export interface Ahead {
  readonly names: readonly string[]
  readonly stopped: string | null
  readonly result: RunResult
}

/** Runs scripts on a host in one round trip, and keeps their results for the steps that they belong to. */
export async function runAhead(
  host: HostRun,
  scripts: readonly Script[],
  options: { readonly timeout: number; readonly onSent?: (bytes: number) => void },
): Promise<void> {
  const [first] = scripts
  if (first === undefined) return
  const names = scripts.map(({ name }) => name)
  const script = scripts.length === 1 ? first : chain(names.join(', '), scripts)
  const result = await host.session.run(script, options)
  // Where a connection was lost is not known: then it was at the first one, and the others did not run.
  const stopped = result.code === 0 ? null : (stoppedAt(result.stdout) ?? first.name)
  host.ahead = { names, stopped, result: { ...result, stdout: withoutStop(result.stdout) } }
}

/** The result of a script that was sent ahead; null when it has not run, or was asked for before. */
export function takeAhead(host: HostRun, name: string): RunResult | null {
  const { ahead } = host
  const at = ahead?.names.indexOf(name) ?? -1
  if (ahead === null || at < 0) return null
  const stop = ahead.stopped === null ? ahead.names.length : ahead.names.indexOf(ahead.stopped)
  host.ahead = { ...ahead, names: ahead.names.with(at, '') }
  if (at > stop) return null
  return at === stop ? ahead.result : { ...ahead.result, code: 0, signal: null, lost: null }
}

/** What may follow the lock at once: everything up to the first hook, unless much has to be sent for it. */
export async function scriptsAhead(run: Run, host: HostRun): Promise<readonly Script[]> {
  const scripts: Script[] = []
  for (const step of host.plan.prepare) {
    if (step.kind === 'hook') return scripts
    if (step.kind === 'script') scripts.push(step.script)
    if (step.kind === 'push') {
      const { data } = await run.payload(step.baseDigest)
      if (data.length > small) return scripts
      scripts.push(unpack({ root: host.plan.root, tx: run.plan.tx }, step.unpack, data))
    }
  }
  return [...scripts, host.plan.stage.script]
}
