import type { RunResult } from '../../connection/connection.js'
import { isScript } from '../../plan/phase-order.js'
import type { PushStep } from '../../plan/plan.js'
import { pushOf } from '../../plan/relay.js'
import type { Delivery } from '../../scripts/prepare/unpack.js'
import { codes } from '../../scripts/shell/codes.js'
import { failureOf } from '../failure.js'
import type { HostFailure } from '../outcome.js'
import type { Detour } from '../push/detour.js'
import { type Downloads, startDownloads } from '../push/downloads.js'
import { type Relay, startRelay } from '../push/relay.js'
import { scriptsUpTo } from '../push/scripts-up-to.js'
import { treeIn } from '../read/verify-held-release.js'
import { lostResult } from '../session.js'
import { notCooled } from '../warm/warm.js'
import { compareTrees } from './compare-trees.js'
import { ended, type Halt, type HostRun, inPhase, type Run, runStep } from './run.js'
import { sendAhead, takeSentAhead } from './sent-ahead.js'

/** Milliseconds between two progress events of a host: a push has thousands of chunks. */
const progressEvery = 100

/** How hosts may get their files, but for a push. */
interface Ways {
  readonly downloads: Downloads
  readonly relay: Relay
}

/** Brings the release to every host: verified, linked, prepared and flushed. If one fails, the run stops here. */
export async function prepareAll(run: Run): Promise<Halt | null> {
  const pushed = run.hosts.filter(({ plan }) => pushOf(plan) !== undefined)
  if (pushed.length > 0) {
    const halt = await pushAll(run, pushed)
    if (halt !== null) return halt
  }
  const stopped = run.stop.reason()
  if (stopped !== null) return { reason: stopped }
  const halt = await inPhase(run, 'prepare', run.hosts, async host => {
    for (const step of host.plan.prepare.filter(isScript)) {
      const { failure, result } = await runStep(run, host, 'prepare', step)
      if (failure !== null && !host.plan.leftWarm.includes(step)) return failure
      if (failure !== null) notCooled(run, host, failure)
      host.tree = treeIn(result.stdout) ?? host.tree
    }
    return makeLinks(host)
  })
  return halt ?? compareTrees(run)
}

/** Where a store and a relay could both bring the files, the store does. */
async function pushAll(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const waiting = hosts.filter(({ sentAhead }) => sentAhead?.names.includes('unpack') !== true)
  const downloads = await startDownloads(run, waiting)
  const relay = await startRelay(
    run,
    hosts.filter(host => !downloads.isFor(host)),
  )
  const act = (host: HostRun) => push(run, host, pushOf(host.plan) as PushStep, { downloads, relay })
  return inPhase(run, 'push', hosts, act).finally(relay.end).finally(downloads.end)
}

async function makeLinks(host: HostRun): Promise<HostFailure | null> {
  const { name, text, script, timeout } = host.plan.links
  const result = takeSentAhead(host, script.name) ?? (await host.session.run(script, { timeout }))
  return result.code === 0 ? null : failureOf({ phase: 'prepare', step: name, text, timeout }, result)
}

async function push(run: Run, host: HostRun, step: PushStep, ways: Ways): Promise<HostFailure | null> {
  run.emit({ type: 'host.start', phase: 'push', step: 'push', host: host.name })
  const { result, note } = await bring(run, host, step, ways)
  const failure = result.code === 0 ? null : failed(step, result)
  ended(run, host, 'push', 'push', result.ms, failure, failure?.message ?? note)
  return failure
}

/** Sends what the host lacks, or everything if its base release turns out to be damaged. */
async function bring(run: Run, host: HostRun, step: PushStep, ways: Ways) {
  const first = await fetchOrSend(run, host, step, ways)
  const odd = first.result.code === codes.notIntact || first.result.code === codes.releaseMissing
  if (step.unpack.base === null || !odd) return first
  run.warnings.push(`${host.name}: ${step.unpack.base} is not what it was, so everything was sent`)
  const all = { ...step, baseDigest: null, unpack: { ...step.unpack, base: null } }
  return send(run, host, all, await fromHere(run, all))
}

/**
 * From the store or another host, where one of them has it; else from here. Without the copies that this takes there may be
 * room for the files where there was none.
 */
async function fetchOrSend(run: Run, host: HostRun, step: PushStep, { downloads, relay }: Ways) {
  for (const source of [downloads, relay]) {
    const detour = await source.detour(host)
    if (detour === null) continue
    const { result, note } = await send(run, host, step, detour)
    if (!unfetched.includes(result.code)) return { result, note: `${note}, from ${detour.from}` }
    const sent = await send(run, host, step, await fromHere(run, step))
    if (sent.result.code === 0) source.missed(host, failed(step, result).message)
    return sent
  }
  const sent = await send(run, host, step, await fromHere(run, step, relay.wayFrom(host)))
  if (sent.result.code === 0 || !relay.fails(host)) return sent
  return sent.result.code === codes.unpack ? send(run, host, step, await fromHere(run, step)) : sent
}

const unfetched: readonly (number | null)[] = [codes.relay, codes.unpack]

/** What a host gets, and how. */
type Way = Pick<Detour, 'payload' | 'delivery'>

async function fromHere(run: Run, { baseDigest }: PushStep, delivery: Delivery = 'sent'): Promise<Way> {
  return { payload: await run.payload(baseDigest), delivery }
}

async function send(run: Run, host: HostRun, step: PushStep, way: Way) {
  const { data, files } = way.payload
  const stopped = run.stop.reason()
  const result =
    takeSentAhead(host, 'unpack') ??
    (stopped === null ? await unpackNow(run, host, step, way) : lostResult(new Error(stopped)))
  const note = `${files} ${files === 1 ? 'file' : 'files'}, ${size(data.length)} in ${(result.ms / 1000).toFixed(1)}s, sha256 ok`
  return { result, note }
}

function failed(step: PushStep, result: RunResult): HostFailure {
  return failureOf({ phase: 'push', step: 'push', text: step.text, timeout: step.timeout }, result)
}

/** Sends the payload, and with it the steps that may follow at once. */
async function unpackNow(run: Run, host: HostRun, step: PushStep, way: Way): Promise<RunResult> {
  const { prepare } = host.plan
  const total = way.payload.data.length
  const after = prepare.slice(prepare.findIndex(({ kind }) => kind === 'push') + 1)
  let told = 0
  const onDone = (bytes: number) => {
    const done = Math.min(bytes, total)
    if (done < total && performance.now() < told + progressEvery) return
    told = performance.now()
    run.emit({ type: 'host.progress', phase: 'push', host: host.name, done, total })
  }
  const scripts = await scriptsUpTo(run, host, [step, ...after], Number.POSITIVE_INFINITY, way)
  const onOutput = (_: string, chunk: Buffer) => {
    const fetched = /^fetched (\d+)$/m.exec(chunk.toString('latin1'))?.[1]
    if (fetched !== undefined) onDone(Number(fetched))
  }
  const isSent = typeof way.delivery === 'string'
  await sendAhead(host, scripts, { timeout: step.timeout, ...(isSent ? { onSent: onDone } : { onOutput }) })
  return takeSentAhead(host, 'unpack') as RunResult
}

function size(bytes: number): string {
  return bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
