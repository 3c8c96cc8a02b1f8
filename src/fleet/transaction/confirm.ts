import { setTimeout as sleep } from 'node:timers/promises'
import type { RunResult } from '../../connection/connection.js'
import { codes } from '../../scripts/shell/codes.js'
import { removedText } from '../../text/phrases.js'
import { onEach } from '../each-host.js'
import { failureOf, reasonOf } from '../failure.js'
import { endScript, lastScripts, notRecorded, notRemoved } from '../health/processes.js'
import type { HostFailure } from '../outcome.js'
import { healthy, restart } from './restart-and-health.js'
import { currentIn, lookAgain } from './restore.js'
import { ended, type Halt, type HostRun, inPhase, inSilence, known, type Run, runStep } from './run.js'
import { disarmAll, sendGo } from './swap.js'

/** Milliseconds: how far apart the hosts' answers to one ping may be. */
const fresh = 500

/** Asks every host whether it still holds our lock. This is the last moment at which the run can be undone. */
export async function pingAll(run: Run): Promise<Halt | null> {
  if (run.hosts.every(({ heard }) => performance.now() - heard < fresh)) return null
  return inSilence(run, 'confirm', run.hosts, async host => {
    const { renew } = host.plan
    const result = await host.session.run(renew.script, { timeout: 5000, next: lastScripts(host.plan) })
    return result.code === 0
      ? null
      : failureOf({ phase: 'confirm', step: 'ping', text: renew.text, timeout: 5000 }, result)
  })
}

/**
 * Decides for the new release on every host. A host that was not reached is asked again until its lease is over; one
 * that had put itself back in the meantime, while others were confirmed, is brought forward.
 */
export async function confirmAll(run: Run): Promise<Halt | null> {
  const halt = await inPhase(
    run,
    'confirm',
    run.hosts,
    host => confirmHost(run, host),
    done => `${done}/${run.hosts.length} confirmed`,
  )
  disarmAll(run)
  if (halt === null || run.hosts.every(({ confirmed }) => !confirmed)) return halt
  const behind = run.hosts.filter(({ confirmed }) => !confirmed)
  return inPhase(
    run,
    'confirm',
    behind,
    host => bringForward(run, host),
    done => `${done} brought forward`,
  )
}

/** Reads once more what each host serves. A fleet without one decision keeps its locks. */
export async function readAll(run: Run, split: Halt): Promise<Halt> {
  await onEach(run.hosts, run.concurrency, async host => {
    host.current = await lookAgain(host)
  })
  return split
}

/** Prunes, records and unlocks, and reads `current` on every host. The outcome is made from that reading. */
export async function finishAll(run: Run): Promise<Halt | null> {
  if (run.hosts.every(({ plan }) => plan.prune === null))
    return inSilence(run, 'confirm', run.hosts, async host => (await finish(run, host)).failure)
  const removedOn = new Map(run.hosts.map(({ name }) => [name, 0]))
  return inPhase(
    run,
    'clean',
    run.hosts,
    async host => {
      const began = performance.now()
      const { removed, failure } = await finish(run, host)
      removedOn.set(host.name, removed)
      if (failure !== null) ended(run, host, 'clean', failure.step, performance.now() - began, failure, failure.message)
      return failure
    },
    () => removedText(removedOn),
  )
}

/** Does all of it in one request. If its answer is lost, or removing old releases takes too long, ends without removing them. */
async function finish(run: Run, host: HostRun) {
  const { prune, record, finish } = host.plan
  const tidying = [prune, record].filter(step => step !== null)
  const timeout = tidying.reduce((sum, step) => sum + step.timeout, finish.timeout)
  const tidied = tidying.length === 0 ? null : await host.session.run(endScript(host.plan), { timeout })
  const said = tidied?.stdout.toString('latin1') ?? ''
  warnOfRest(run, host, tidied?.code === null, said)
  const result =
    tidied === null || tidied.code === null
      ? await retry(2, () => host.session.run(endScript(host.plan, false), { timeout: finish.timeout }))
      : tidied
  if (result.code === 0 || result.code === codes.fenced) host.locked = false
  host.current = result.code === 0 ? currentIn(result) : await lookAgain(host)
  return { removed: (said.match(/^removed /gm) ?? []).length, failure: readBack(run, host, result) }
}

function warnOfRest(run: Run, { name, plan: { prune, record } }: HostRun, isLost: boolean, said: string): void {
  if (prune !== null && isLost) run.warnings.push(`${name}: whether old releases were removed is not known`)
  if (said.includes(notRemoved)) run.warnings.push(`${name}: old releases could not be removed`)
  if (record !== null && isLost) run.warnings.push(`${name}: it is not known whether this was done: ${record.text}`)
  if (said.includes(notRecorded)) run.warnings.push(`${name}: this could not be done: ${record?.text}`)
}

function readBack(run: Run, host: HostRun, result: RunResult): HostFailure | null {
  if (host.current.kind === 'known' && host.current.target === `releases/${run.plan.release}`) {
    const unrecorded = unrecordedEnd(result)
    if (unrecorded !== null) run.warnings.push(`${host.name}: ${unrecorded}`)
    return null
  }
  const { timeout } = host.plan.finish
  return failureOf({ phase: 'confirm', step: 'read back', text: 'read current', timeout }, result)
}

function unrecordedEnd(result: RunResult): string | null {
  const text = 'the end of the transaction could not be recorded'
  switch (result.code) {
    case 0:
      return null
    case null:
      return 'whether the end of the transaction was recorded is not known'
    case codes.fenced:
      return `${text}: another run has taken over`
    default:
      return `${text}${reasonOf(result)} (is its disk full?). Its lock stays; when that is mended: clonedeploy repair`
  }
}

async function confirmHost(run: Run, host: HostRun): Promise<HostFailure | null> {
  const { confirm } = host.plan
  const until = performance.now() + run.plan.lease * 1000
  for (;;) {
    const result = await host.session.run(confirm.script, { timeout: 5000 })
    if (result.code === 0) {
      host.confirmed = true
      return null
    }
    if (result.code !== null || performance.now() > until) {
      return failureOf({ phase: 'confirm', step: 'confirm', text: confirm.text, timeout: 5000 }, result)
    }
    await sleep(500)
  }
}

async function bringForward(run: Run, host: HostRun): Promise<HostFailure | null> {
  const { plan } = host
  const back = await lookAgain(host)
  if (back.kind === 'unknown') return host.failure
  if (back.target !== `releases/${run.plan.release}`) {
    const linked = await runStep(run, host, 'confirm', plan.links)
    if (linked.failure !== null) return linked.failure
    const waiting = await host.session.open(plan.arm.script, 60_000)
    if ((await waiting.line(20_000)) !== 'armed') return host.failure
    const { line } = await sendGo(waiting, run.plan.tx)
    waiting.send('end')
    if (line !== `swapped releases/${run.plan.release}`) return host.failure
    host.current = known(`releases/${run.plan.release}`)
    const failure =
      (await restart(run, host, 'confirm', [...plan.switchAlone, ...plan.restart])) ??
      (await healthy(run, host, 'confirm', plan.health))
    if (failure !== null) return failure
  }
  const failure = await confirmHost(run, host)
  if (failure === null) {
    host.failure = null
    run.warnings.push(`${host.name}: had put itself back while the others were confirmed, and was brought forward`)
  }
  return failure
}

async function retry<T extends { readonly code: number | null }>(times: number, act: () => Promise<T>): Promise<T> {
  const result = await act()
  return result.code === null && times > 0 ? retry(times - 1, act) : result
}
