import { setTimeout as sleep } from 'node:timers/promises'
import type { RunResult } from '../../connection/connection.js'
import { isNew } from '../../plan/plan.js'
import { inWords } from '../../release/paths.js'
import { codes } from '../../scripts/shell/codes.js'
import { drainAll } from '../balancer/drain.js'
import { takeOut } from '../balancer/isolate.js'
import { backInService, mayServe, readyAll } from '../balancer/undrain.js'
import { onEach } from '../each-host.js'
import { failureOf } from '../failure.js'
import type { HostFailure } from '../outcome.js'
import { seenToServe } from '../read/seen-to-serve.js'
import { withdraw } from '../store/conclude.js'
import { comeHome } from '../warm/flip.js'
import { backText, type SwitchBack, switchBack } from '../warm/switch-back.js'
import { coolBack } from '../warm/warm.js'
import { healthy, restart } from './restart-and-health.js'
import { ended, type Halt, type HostRun, inPhase, inSilence, known, moves, type Run, type Span } from './run.js'
import { disarmAll, roundTripTo, windowOf } from './swap.js'

/**
 * Puts every host back, also those whose answer was lost: reconnects, repeats and reads back until the lease is over,
 * and goes on past every failure. Returns what is still not as before; null when all is.
 */
export async function restoreAll(run: Run, halt: Halt): Promise<Halt | null> {
  run.emit({
    type: 'note',
    level: 'warning',
    host: null,
    text: `${halt.reason}; putting ${whom(run)} back`,
  })
  const blame = new Map(run.hosts.map(host => [host.name, host.failure]))
  const astray = await comeHome(run, run.hosts)
  for (const host of run.hosts) host.failure = blame.get(host.name) ?? null
  const left = await backInTurn(run)
  disarmAll(run)
  const lost = run.hosts.filter(isLost)
  for (const host of run.hosts) if (!lost.includes(host)) host.failure = blame.get(host.name) ?? null
  const away = await backInService(run, run.hosts.filter(host => !lost.includes(host)).filter(mayServe(run)))
  const out = together([astray, away])
  await takeOut(run, lost)
  await coolBack(
    run,
    run.hosts.filter(host => !isLost(host)),
  )
  if ((left === null && astray === null) || (out === null && lost.every(host => isSick(host, host.failure)))) {
    // What the new release failed with is told; that the old one is not healthy either, too.
    for (const host of lost) host.failure = blame.get(host.name) ?? host.failure
    await withdraw(run, halt, isNew(run.plan))
    await markBad(run, halt)
  } else
    await blameAll(
      run,
      run.hosts.filter(({ current }) => current.kind === 'known'),
      halt,
    )
  return together([left, out])
}

/** Discards what was prepared; nothing was swapped. A host that cannot be reached is named, and its lock ends with its lease. */
export async function discardAll(run: Run): Promise<void> {
  disarmAll(run)
  await onEach(
    run.hosts.filter(({ locked }) => locked),
    run.concurrency,
    async host => {
      const result = await host.session.run(host.plan.discard.script, { timeout: host.plan.discard.timeout })
      if (result.code === 0) host.locked = false
      else {
        const what = result.code === null ? 'may still be there' : 'could not be removed'
        run.warnings.push(
          `${host.name}: what was prepared ${what}; the next deploy sweeps it when the lock's lease is over`,
        )
      }
    },
  )
}

function whom({ batches, hosts }: Run): string {
  const taken = hosts.filter(host => host.swapBegun).length
  return batches.length === 1 || taken === hosts.length
    ? `all ${hosts.length} hosts`
    : `the ${taken} of ${hosts.length} hosts that swapped`
}

/** The failed batch goes back first, then the earlier ones in turn. Hosts that were never told to swap only stop waiting. */
async function backInTurn(run: Run): Promise<Halt | null> {
  const halts: (Halt | null)[] = []
  for (const hosts of wayBack(run)) {
    const drains = run.plan.rollout.drains && !hosts.every(host => isUntouched(run, host))
    // Going back undrained is better than not going back.
    if (drains) await drainAll(run, hosts.filter(moves), '').then(halt => warn(run, hosts, halt))
    halts.push(await backTogether(run, hosts))
    const back = hosts.filter(host => !isLost(host)).filter(mayServe(run))
    if (drains) await readyAll(run, back.filter(moves), 'told').then(halt => warn(run, back, halt))
  }
  return together(halts)
}

function warn(run: Run, hosts: readonly HostRun[], halt: Halt | null): void {
  if (halt !== null && !halt.known)
    run.warnings.push(`${hosts.map(({ name }) => name).join(', ')}, on the way back: ${halt.reason}`)
}

/** Back, and restarted, and not healthy: that is no fault of the way back, and no repair makes it better. */
function isSick({ healthy }: HostRun, failure: HostFailure | null): boolean {
  return failure?.step === 'health' && healthy === false
}

/** Whether all are back for good, with their locks given back, and some are not healthy. */
export function isOnlySick({ hosts }: Run): boolean {
  return hosts.every(({ locked }) => !locked) && hosts.some(({ healthy }) => healthy === false)
}

/** The host failed on the way back. */
function isLost({ failure }: HostRun): boolean {
  return failure?.phase === 'rollback'
}

function together(halts: readonly (Halt | null)[]): Halt | null {
  const found = halts.filter(halt => halt !== null)
  const [first] = found
  const fresh = found.filter(({ known }) => !known)
  if (first === undefined || fresh.length === 0) return first ?? null
  return { reason: fresh.map(({ reason }) => reason).join('; ') }
}

function backTogether(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const moved = hosts.filter(host => !isUntouched(run, host))
  const users = switchBack(run, moved)
  const links: Span[] = []
  if (moved.length === 0) return inSilence(run, 'rollback', hosts, host => putBack(run, host, users, links))
  return inPhase(
    run,
    'rollback',
    hosts,
    host => putBack(run, host, users, links),
    done => `${done}/${hosts.length} hosts are back${backText(users, hosts.length) || linksText(links)}`,
  )
}

function wayBack(run: Run): readonly (readonly HostRun[])[] {
  if (run.batches.length === 1) return [run.hosts]
  const taken = run.batches.map(hosts => hosts.filter(host => host.swapBegun))
  const waiting = run.hosts.filter(host => !host.swapBegun)
  return [...taken.reverse(), waiting].filter(hosts => hosts.length > 0)
}

/** At most: from the first host that was asked to go back to the last that said it had, and had flushed it. */
function linksText(links: readonly Span[]): string {
  return links.length < 2 ? '' : `, links in ${windowOf(links)} ms`
}

function spanOf(host: HostRun, sent: number): Span {
  const over = performance.now()
  const way = Math.min(roundTripTo(host), over - sent) / 2
  return { from: sent + way, to: over - way }
}

async function putBack(run: Run, host: HostRun, users: SwitchBack, links: Span[]): Promise<HostFailure | null> {
  const began = performance.now()
  const until = began + (run.plan.lease + 15) * 1000
  run.emit({ type: 'host.start', phase: 'rollback', step: 'restore', host: host.name })
  for (;;) {
    const { restore } = host.plan
    const sent = performance.now()
    const result = await host.session.run(restore.script, { timeout: restore.timeout })
    if (result.code === 0) {
      const target = readBack(result.stdout.toString('utf8'))
      if (target !== undefined) host.current = known(target)
      if (target === host.plan.old) {
        if (isUntouched(run, host)) return null
        links.push(spanOf(host, sent))
        return served(run, host, began, users)
      }
    }
    // The others do not wait for a host that needs a second try.
    users.leave(host)
    const final = result.code === codes.fenced || result.code === codes.decided
    if (final || performance.now() > until) {
      const attempt = { phase: 'rollback', step: 'restore', text: restore.text, timeout: restore.timeout } as const
      const failure = result.code === 0 ? notBack(host) : failureOf(attempt, result)
      host.current = await lookAgain(host)
      ended(run, host, 'rollback', 'restore', performance.now() - began, failure, failure.message)
      return failure
    }
    await sleep(1000)
  }
}

/** The host says that it went back, and serves something else. */
function notBack({ plan, current }: HostRun): HostFailure {
  const is = current.kind === 'known' ? inWords(current.target) : 'not told'
  const message = `it says that it went back, but current is ${is}, and was ${inWords(plan.old)}`
  return { phase: 'rollback', step: 'restore', message, hint: null, output: [] }
}

/** A host whose batch had no turn still serves what it served: it is not restarted. */
function isUntouched(run: Run, host: HostRun): boolean {
  return run.batches.length > 1 && !host.swapBegun
}

async function served(run: Run, host: HostRun, began: number, users: SwitchBack): Promise<HostFailure | null> {
  const note = host.plan.old === null ? 'back: current is absent again' : `back on ${host.plan.oldRelease}`
  ended(run, host, 'rollback', 'restore', performance.now() - began, null, note)
  host.healthy = null
  const failure = await servesOld(run, host, users)
  if (failure !== null && !isSick(host, failure)) return failure
  // Its restart came to its end, whatever came of it: nobody owes it another.
  const { serve } = host.plan
  const result = await host.session.run(serve.script, { timeout: serve.timeout })
  if (failure === null || result.code === 0) return failure
  return failureOf({ phase: 'rollback', step: 'serve', text: serve.text, timeout: serve.timeout }, result)
}

/** If the restart fails (it may never have worked), the app that was not restarted may serve the old release all the same. */
async function servesOld(run: Run, host: HostRun, users: SwitchBack): Promise<HostFailure | null> {
  const { back, restartOld } = host.plan
  const steps = back !== null && (await users.by(host, back)) ? back.rest : restartOld
  const failure = await restart(run, host, 'rollback', steps)
  if (failure === null) return healthy(run, host, 'rollback', host.plan.healthOld)
  const served = await seenToServe(host)
  host.healthy = served === 'unhealthy' ? false : null
  if (served !== 'old') return failure
  host.healthy = true
  run.warnings.push(`${host.name}: the restart command failed on the way back, too: ${failure.message}`)
  return null
}

/** Every host is as it was: keeps the release, marks it bad, and releases the lock. */
async function markBad(run: Run, halt: Halt): Promise<void> {
  await onEach(run.hosts, run.concurrency, async host => {
    const step = host.plan.abandon(halt.reason)
    const result = await host.session.run(step.script, { timeout: step.timeout })
    if (result.code === 0) host.locked = false
    else run.warnings.push(`${host.name}: the release could not be marked bad`)
  })
}

/** Marks the failed release bad, so that no rollback picks it, even if it stays served or a host could not be put back. */
export async function blameAll(run: Run, hosts: readonly HostRun[], { reason }: Halt): Promise<void> {
  await onEach(hosts, run.concurrency, async host => {
    const step = host.plan.blame(reason)
    const result = step && (await host.session.run(step.script, { timeout: step.timeout }))
    if (result && result.code !== 0) run.warnings.push(`${host.name}: the release could not be marked bad`)
  })
}

export async function lookAgain(host: HostRun): Promise<HostRun['current']> {
  const result = await host.session.run(host.plan.look.script, { timeout: host.plan.look.timeout })
  return currentIn(result)
}

/** What `current` is, from the output of `look`; counts only if `look` exited with 0. */
export function currentIn({ code, stdout }: RunResult): HostRun['current'] {
  const target = code === 0 ? readBack(stdout.toString('utf8')) : undefined
  return target === undefined ? { kind: 'unknown' } : known(target)
}

/** `current TARGET` → the target; `absent` → null; anything else: not read. */
function readBack(stdout: string): string | null | undefined {
  const line = stdout.split('\n').find(one => one === 'absent' || one.startsWith('current '))
  if (line === undefined) return undefined
  return line === 'absent' ? null : line.slice('current '.length)
}
