import { nextLook } from '../../plan/bake.js'
import type { Bake, HealthStep, PhasePlan, ScriptStep } from '../../plan/plan.js'
import { clockText, durationText, formatDuration } from '../../text/duration.js'
import { escapeLine } from '../../text/escape.js'
import { counted } from '../../text/phrases.js'
import { failureOf } from '../failure.js'
import type { Health } from '../health/answer.js'
import { askHttpHere } from '../health/http.js'
import { runHere } from '../run-here.js'
import { type Stop, waitUnlessStopped } from '../stop.js'
import type { Halt, HostRun, Run } from './run.js'
import { stillSwapped, stillWell } from './still-swapped.js'

/** How a bake ended, in a few words; `note` is null where the hosts that ended it have been told of. */
interface Baked {
  readonly halt: Halt | null
  readonly note: string | null
}

/**
 * These hosts serve the release and can still go back: a failing check, a host that is not as it was left, or a stop puts all
 * of them back. At the end their health is asked once more. The heartbeat of the run renews their leases, as in any phase.
 */
export async function bakeAll(run: Run, hosts: readonly HostRun[], { batch }: PhasePlan): Promise<Halt | null> {
  const bake = run.plan.bakeOn(hosts.map(({ name }) => name))
  if (bake === null) return null
  const began = performance.now()
  run.emit({ type: 'phase.start', phase: 'bake', note: bakeText(bake, batch, new Date(Date.now() + bake.for)) })
  const { halt, note } = await watch(run, hosts, bake, began)
  if (note !== null)
    run.emit({ type: 'phase.end', phase: 'bake', ok: halt === null, ms: performance.now() - began, note })
  return halt ?? stillWell(run, hosts)
}

function bakeText({ check, every }: Bake, batch: string, until: Date): string {
  const asked = check === null ? '' : `, ${check.text} every ${formatDuration(every)}`
  const after = batch === '' ? '' : `after ${batch}, `
  return `${after}until ${clockText(until)}${asked}`
}

async function watch(run: Run, hosts: readonly HostRun[], bake: Bake, began: number): Promise<Baked> {
  let [asked, failed, looks] = [0, 0, 0]
  for (;;) {
    const passed = performance.now() - began
    const next = nextLook(bake, run.plan.lease * 1000, { passed, asked, failed })
    if (next === null) return { halt: null, note: looksText(looks, 'good') }
    await waitUnlessStopped(run.stop, next.wait)
    const gone = stopped(run) ?? (await stillSwapped(run, hosts, 'bake'))
    if (gone !== null) return { halt: gone, note: gone.onRequest ? 'stopped' : null }
    asked = next.due ?? asked
    if (next.due === null || bake.check === null) continue
    const { ok, note } = await look(run, bake.check)
    const end = stopped(run)
    if (end !== null) return { halt: end, note: 'stopped' }
    looks += 1
    failed = ok ? 0 : failed + 1
    if (failed >= bake.failures) return { halt: refused(note, failed, began), note: looksText(looks, 'bad') }
  }
}

function looksText(looks: number, last: string): string {
  return looks === 0 ? '' : `${counted(looks, 'look')}, the last one ${last}`
}

function stopped({ stop }: Run): Halt | null {
  const reason = stop.reason()
  return reason === null ? null : { reason, onRequest: true }
}

function refused(note: string, failed: number, began: number): Halt {
  const often = failed === 1 ? '' : `, ${failed} times in a row`
  return { reason: `the bake check failed after ${durationText(performance.now() - began)}${often}: ${note}` }
}

async function look(run: Run, check: ScriptStep | HealthStep): Promise<Health> {
  const began = performance.now()
  const health = await askHere(check, run.stop)
  const { ok, note, output } = health
  if (run.stop.reason() === null) run.emit({ type: 'bake.look', ok, ms: performance.now() - began, note, output })
  return health
}

/** One answer; what is quoted of it is fit to be shown. */
async function askHere(check: ScriptStep | HealthStep, stop: Stop): Promise<Health> {
  if (check.kind === 'script') return askCommand(check, stop)
  if (!('url' in check.target)) throw new TypeError('not a request')
  const { ok, note, output } = await askHttpHere(check, check.target.url, check.check.tryTimeout, stop)
  const told = ok ? note : `GET ${check.target.url} → ${note}`
  return { ok, note: escapeLine(told), output: output.map(line => escapeLine(line)), served: null }
}

async function askCommand(check: ScriptStep, stop: Stop): Promise<Health> {
  const result = await runHere(check, stop)
  if (result.code === 0) return { ok: true, note: `ok in ${durationText(result.ms)}`, output: [], served: null }
  const { message, output } = failureOf({ ...check, phase: 'bake', step: 'bake check' }, result)
  const note = result.lost === null ? message : `\`${check.text}\`: ${result.lost.message}`
  return { ok: false, note, output, served: null }
}
