import type { RunOptions, RunResult } from '../connection/connection.js'
import type { Step } from '../plan/plan.js'
import { chain, stoppedAt, withoutStop } from '../scripts/chain.js'
import type { Script } from '../scripts/shell.js'
import { unpack, type Way } from '../scripts/unpack.js'
import type { HostRun, Run } from './run.js'

/** Scripts that were sent together; the result of each is taken by its name, once. */
export interface Ahead {
  readonly names: readonly string[]
  readonly stopped: string | null
  readonly result: RunResult
}

/** Runs scripts on a host in one round trip, and keeps their results for the steps that they belong to. */
export async function runAhead(
  host: Pick<HostRun, 'name' | 'session' | 'ahead'>,
  scripts: readonly Script[],
  options: RunOptions,
): Promise<void> {
  const [first] = scripts
  if (first === undefined) return
  const names = scripts.map(({ name }) => name)
  const result = await host.session.run(scripts.length === 1 ? first : chain(scripts), options)
  const failed = scripts.length === 1 ? first.name : stoppedAt(result.stdout)
  // Where it is not known which of them failed, what the first one did is not known either.
  const lost = result.lost ?? new Error(`the shell on ${host.name} ended before it said how`)
  const unknown = result.code !== 0 && failed === null ? { code: null, lost } : {}
  host.ahead = {
    names,
    stopped: result.code === 0 ? null : (failed ?? first.name),
    result: { ...result, ...unknown, stdout: withoutStop(result.stdout) },
  }
}

/** The result of a script that was sent ahead; null when it has not run, or was asked for before. */
export function takeAhead(host: Pick<HostRun, 'ahead'>, name: string): RunResult | null {
  const { ahead } = host
  const at = ahead?.names.indexOf(name) ?? -1
  if (ahead === null || at < 0) return null
  const stop = ahead.stopped === null ? ahead.names.length : ahead.names.indexOf(ahead.stopped)
  host.ahead = { ...ahead, names: ahead.names.with(at, '') }
  if (at > stop) return null
  return at === stop ? ahead.result : { ...ahead.result, code: 0, signal: null, lost: null }
}

/** The scripts of these steps, up to the first hook or a payload of more than `most` bytes; where neither is, also what makes both links. */
export async function scriptsUpTo(
  run: Run,
  host: HostRun,
  steps: readonly Step[],
  most: number,
  way: Way = 'sent',
): Promise<readonly Script[]> {
  const scripts: Script[] = []
  for (const step of steps) {
    if (step.kind === 'hook') return scripts
    if (step.kind === 'script') scripts.push(step.script)
    if (step.kind === 'push') {
      const payload = await run.payload(step.baseDigest)
      if (payload.data.length > most) return scripts
      scripts.push(unpack({ root: host.plan.root, tx: run.plan.tx }, step.unpack, payload, way))
    }
  }
  return [...scripts, host.plan.stage.script]
}
