import type { Waiting } from '../../connection/connection.js'
import { LostError } from '../../connection/errors.js'
import type { PhasePlan } from '../../plan/plan.js'
import { paths } from '../../release/paths.js'
import { escapeLine } from '../../text/escape.js'
import { within } from '../../time-limit.js'
import type { HostFailure } from '../outcome.js'
import {
  type Armed,
  ended,
  type Halt,
  type HostRun,
  inPhase,
  inSilence,
  known,
  moves,
  type Run,
  type Span,
} from './run.js'

/** Starts the dead-man's switch on these hosts. Each then waits for the word to swap until its deadline. */
export async function armAll(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const began = performance.now()
  // Spread over up to 100 ms: asked all at once, the answers would measure the queue, not the round trip.
  const turn = new Map(hosts.map((host, i) => [host, (i * Math.min(100, hosts.length)) / hosts.length]))
  const halt =
    (await inSilence(run, 'swap', hosts, host => arm(run, host))) ??
    (await inSilence(run, 'swap', hosts, host => delay(turn.get(host) ?? 0).then(() => measure(run, host))))
  const late = performance.now() - began > (run.plan.deadline * 1000) / 2
  return halt ?? (late ? { reason: 'getting all hosts ready to swap took too long' } : null)
}

/** Asks again where the connection is lost before the host says that it is ready: what got ready meanwhile refuses, and counts as lost. */
async function arm(run: Run, host: HostRun): Promise<HostFailure | null> {
  const failure = await armOnce(run, host)
  if (failure === null || !(await isCutOff(armedOf(host).waiting))) return failure
  return (await armOnce(run, host)) && failure
}

async function armOnce(run: Run, host: HostRun): Promise<HostFailure | null> {
  const safeUntil = Date.now() + (run.plan.deadline * 1000) / 2
  const waiting = await host.session.open(host.plan.arm.script, 3_600_000)
  host.armed = { waiting, files: null, roundTripMs: 0, safeUntil }
  const line = await waiting.line(20_000)
  return line === 'armed' ? null : refusal(waiting, 'arm', 'the host did not get ready to swap', line)
}

async function isCutOff({ result }: Waiting): Promise<boolean> {
  const settled = await Promise.race([result, delay(0).then(() => null)])
  return settled?.lost instanceof LostError && settled.lost.gone === 'connection'
}

/**
 * How far a host is, while it has nothing to do but to answer; and whether the link that it will rename is where its SFTP
 * looks, too, which may see other folders than its shell (or nothing).
 */
async function measure(run: Run, host: HostRun): Promise<HostFailure | null> {
  const armed = armedOf(host)
  const files = await within(2000, host.session.files()).catch(() => null)
  const target = await (files?.readlink(wayOf(run, host).from, 2000) ?? null)
  if (target !== `releases/${run.plan.release}`) return ping(host)
  host.armed = { ...armed, files, roundTripMs: host.session.connection().rtt() }
  return null
}

async function ping(host: HostRun): Promise<HostFailure | null> {
  const armed = armedOf(host)
  const sent = performance.now()
  armed.waiting.send('ping')
  const line = await armed.waiting.line(15_000)
  host.armed = { ...armed, roundTripMs: performance.now() - sent }
  return line === 'here' ? null : refusal(armed.waiting, 'arm', 'the host did not answer before the swap', line)
}

function armedOf({ name, armed }: HostRun): Armed {
  if (armed === null) throw new TypeError(`${name} is not armed`)
  return armed
}

/**
 * Sends the word to these hosts so that it arrives everywhere at once (later to near ones), and reads back what `current`
 * is. A host renamed between the arrival of its word and the departure of its `renamed`; the window that is told holds all
 * of them, so that none was shorter: what a host needs to start the rename, and to say so, counts.
 */
export async function swapAll(run: Run, hosts: readonly HostRun[], { batch }: PhasePlan): Promise<Halt | null> {
  const starts = startsOf(hosts)
  const moving = hosts.filter(moves).length
  const swaps: Span[] = []
  const renames = meeting(hosts.filter(host => armedOf(host).files !== null).length)
  const halt = await inPhase(
    run,
    'swap',
    hosts,
    async host => {
      if (moves(host)) run.emit({ type: 'host.start', phase: 'swap', step: 'swap', host: host.name })
      const { waiting, files, roundTripMs } = armedOf(host)
      await delay(starts.get(host) ?? 0)
      const sent = performance.now()
      host.current = { kind: 'unknown' }
      host.swapBegun = true
      const renamed = await rename(run, host)
      if (files !== null) await renames.arrive(renamed !== null)
      const said = await sendGo(waiting, run.plan.tx)
      const { line } = said
      const answered = renamed ?? said.answered
      const target = line?.startsWith('swapped ') ? line.slice('swapped '.length) : null
      const wanted = `releases/${run.plan.release}`
      if (target !== null) host.current = known(target)
      if (target !== wanted) {
        const failure = await refusal(waiting, 'swap', 'the host did not say that it swapped', line)
        ended(run, host, 'swap', 'swap', answered - sent, failure, failure.message)
        return failure
      }
      const way = Math.min(roundTripMs, answered - sent) / 2
      if (moves(host)) swaps.push({ from: sent + way, to: answered - way })
      const flushed = await waiting.line(60_000)
      const failure =
        flushed === 'flushed'
          ? null
          : await refusal(waiting, 'swap', 'the host did not flush the swap to its disk', flushed)
      if (moves(host) || failure !== null)
        ended(run, host, 'swap', 'swap', answered - sent, failure, failure?.message ?? `current → ${run.plan.release}`)
      return failure
    },
    () => {
      run.swaps.push(...swaps)
      run.swapWindowMs = run.swaps.length === 0 ? null : windowOf(run.swaps)
      return `${swaps.length}/${moving} swapped in ${windowOf(swaps)} ms`
    },
    batch,
  )
  return halt
}

/** Renames by SFTP if it can, no later than the host itself would. Returns when it was done; null if the word must do it. */
async function rename(run: Run, host: HostRun): Promise<number | null> {
  const { files, safeUntil } = armedOf(host)
  if (files === null || Date.now() > safeUntil) return null
  const { from, to } = wayOf(run, host)
  return (await files.rename(from, to, 15_000)) ? performance.now() : null
}

/** Holds each host's wake-up until every host has renamed, or 250 ms have passed: starting programs early would widen the swap window. */
function meeting(count: number) {
  let left = count
  let open = () => {}
  const all = new Promise<void>(resolve => {
    open = resolve
  })
  return {
    async arrive(mayWait: boolean): Promise<void> {
      left -= 1
      if (left === 0) open()
      if (mayWait) await within(250, all).catch(() => {})
    },
  }
}

function wayOf({ plan: { tx } }: Run, { plan: { root } }: HostRun) {
  return { from: `${root}/${paths.tx(tx)}/stage/go/current`, to: `${root}/${paths.current}` }
}

/** Sends the word and reads what the host then says `current` is. `answered`: when it had renamed, in milliseconds of our clock. */
export async function sendGo(waiting: Waiting, tx: string) {
  waiting.send(`go ${tx}`)
  const first = await waiting.line(15_000)
  const answered = performance.now()
  const line = first === 'renamed' ? await waiting.line(15_000) : first
  return { line, answered }
}

/** Ends the scripts that wait for the word. */
export function disarmAll(run: Run): void {
  for (const host of run.hosts) {
    host.armed?.waiting.send('end')
    host.armed = null
  }
}

async function refusal(waiting: Waiting, step: string, message: string, line: string | null): Promise<HostFailure> {
  const result = line === null ? await Promise.race([waiting.result, delay(500).then(() => null)]) : null
  const why =
    result === null
      ? 'no answer in time'
      : result.code === null
        ? (result.lost?.message ?? 'connection lost')
        : `exit code ${result.code}`
  return {
    phase: 'swap',
    step,
    message: `${message}: ${line === null ? why : `it said "${escapeLine(line, 200)}"`}`,
    hint: null,
    output: [],
  }
}

/** Milliseconds: as measured just before the swap, or seen on the way. */
export function roundTripTo({ armed, session }: HostRun): number {
  return armed?.roundTripMs ?? session.connection().rtt()
}

/** For how long the word to each of these waits, in milliseconds: that to the farthest goes ahead, so that it arrives everywhere at once. */
export function startsOf(hosts: readonly HostRun[]): ReadonlyMap<HostRun, number> {
  const farthest = Math.max(...hosts.map(roundTripTo))
  return new Map(hosts.map(host => [host, (farthest - roundTripTo(host)) / 2]))
}

/** Even a delay of zero yields, so that every timer is set before the first one fires. */
export function delay(ms: number): Promise<void> {
  return new Promise(resolve => (ms < 0.5 ? setImmediate(resolve) : setTimeout(resolve, ms)))
}

/** Milliseconds within which all of these happened, to a tenth. */
export function windowOf(swaps: readonly Span[]): number {
  if (swaps.length < 2) return 0
  const first = Math.min(...swaps.map(({ from }) => from))
  const last = Math.max(...swaps.map(({ to }) => to))
  return Math.round((last - first) * 10) / 10
}
