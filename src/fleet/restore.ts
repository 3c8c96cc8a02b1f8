import type { RunResult } from '../connection/connection.js'
import { codes } from '../scripts/codes.js'
import { onEach } from './each.js'
import { failureOf } from './failure.js'
import type { HostFailure } from './outcome.js'
import { ended, type Halt, type HostRun, inPhase, known, type Run } from './run.js'
import { healthy, restart } from './serve.js'
import { disarmAll } from './swap.js'

/**
 * Puts every host back, also those whose answer was lost: reconnects, repeats and reads back until the lease is over,
 * and goes on past every failure. Returns what is still not as before; null when all is.
 */
export async function restoreAll(run: Run, halt: Halt): Promise<Halt | null> {
  run.emit({
    type: 'note',
    level: 'warning',
    host: null,
    text: `${halt.reason}; putting all ${run.hosts.length} hosts back`,
  })
  const blame = new Map(run.hosts.map(host => [host.name, host.failure]))
  const left = await inPhase(
    run,
    'rollback',
    run.hosts,
    host => putBack(run, host),
    done => `${done}/${run.hosts.length} hosts are back`,
  )
  disarmAll(run)
  if (left === null) for (const host of run.hosts) host.failure = blame.get(host.name) ?? null
  if (left === null) await markBad(run, halt)
  return left
}

/** Throws away what was prepared; nothing was swapped. A host that cannot be told is named, its lock ends with its lease. */
export async function discardAll(run: Run): Promise<void> {
  disarmAll(run)
  await onEach(
    run.hosts.filter(({ locked }) => locked),
    run.concurrency,
    async host => {
      const result = await host.session.run(host.plan.discard.script, { timeout: host.plan.discard.timeout })
      if (result.code === 0) host.locked = false
      else
        run.warnings.push(
          `${host.name}: what was prepared could not be removed; the next deploy sweeps it when the lock's lease is over`,
        )
    },
  )
}

async function putBack(run: Run, host: HostRun): Promise<HostFailure | null> {
  const began = performance.now()
  const until = began + (run.plan.lease + 15) * 1000
  run.emit({ type: 'host.start', phase: 'rollback', step: 'restore', host: host.name })
  for (;;) {
    const { restore } = host.plan
    const result = await host.session.run(restore.script, { timeout: restore.timeout })
    if (result.code === 0) {
      const target = readBack(result.stdout.toString('utf8'))
      if (target !== undefined) host.current = known(target)
      if (target === host.plan.old) return served(run, host, began)
    }
    const final = result.code === codes.fenced || result.code === codes.decided
    if (final || performance.now() > until) {
      const failure = failureOf(
        { phase: 'rollback', step: 'restore', text: restore.text, timeout: restore.timeout },
        result,
      )
      host.current = await lookAgain(host)
      ended(run, host, 'rollback', 'restore', performance.now() - began, failure, failure.message)
      return failure
    }
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
}

async function served(run: Run, host: HostRun, began: number): Promise<HostFailure | null> {
  const note = host.plan.old === null ? 'back: current is absent again' : `back on ${host.plan.oldRelease}`
  ended(run, host, 'rollback', 'restore', performance.now() - began, null, note)
  host.healthy = null
  const failure =
    (await restart(run, host, 'rollback', host.plan.restartOld)) ??
    (await healthy(run, host, 'rollback', host.plan.healthOld))
  if (failure === null) await host.session.run(host.plan.serve.script, { timeout: host.plan.serve.timeout })
  return failure
}

/** Every host is as it was: the release is kept and marked bad, and the lock is given back. */
async function markBad(run: Run, halt: Halt): Promise<void> {
  await onEach(run.hosts, run.concurrency, async host => {
    const step = host.plan.abandon(halt.reason)
    const result = await host.session.run(step.script, { timeout: step.timeout })
    if (result.code === 0) host.locked = false
    else run.warnings.push(`${host.name}: the release could not be marked bad`)
  })
}

export async function lookAgain(host: HostRun): Promise<HostRun['current']> {
  const result = await host.session.run(host.plan.look.script, { timeout: host.plan.look.timeout })
  return currentIn(result)
}

/** What `current` is, by what `look` printed; only a good end counts. */
export function currentIn({ code, stdout }: RunResult): HostRun['current'] {
  const target = code === 0 ? readBack(stdout.toString('utf8')) : undefined
  return target === undefined ? { kind: 'unknown' } : known(target)
}

/** `current TARGET` → the target; `absent` → null; anything else: not read. */
export function readBack(stdout: string): string | null | undefined {
  const line = stdout.split('\n').find(one => one === 'absent' || one.startsWith('current '))
  if (line === undefined) return undefined
  return line === 'absent' ? null : line.slice('current '.length)
}
