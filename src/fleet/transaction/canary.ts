import type { ScriptStep } from '../../plan/plan.js'
import { failureOf } from '../failure.js'
import type { HostFailure } from '../outcome.js'
import { outputLines } from '../output-lines.js'
import { runHere } from '../run-here.js'
import { waitUnlessStopped } from '../stop.js'
import { type Halt, type HostRun, inPhase, type Run, runStep } from './run.js'
import { stillWell } from './still-swapped.js'

/** Lets the canary hosts serve alone for a while. The others follow when the canary is judged good. */
export async function passCanary(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const { canary } = run.plan.rollout
  if (canary === null) return null
  const halt = (await pause(run, canary.pause, hosts)) ?? (await checkHere(run)) ?? (await checkOn(run, hosts))
  return halt ?? (canary.confirm ? confirmed(run, hosts) : null)
}

/** Checks the canary once more after the wait: a canary is there to find what fails after minutes. */
async function pause(run: Run, ms: number, hosts: readonly HostRun[]): Promise<Halt | null> {
  if (ms === 0) return null
  const began = performance.now()
  const note = `${names(hosts)} alone for ${Math.round(ms / 1000)}s`
  run.emit({ type: 'phase.start', phase: 'canary', note })
  await waitUnlessStopped(run.stop, ms)
  run.emit({ type: 'phase.end', phase: 'canary', ok: true, ms: performance.now() - began, note: '' })
  const stopped = run.stop.reason()
  return stopped === null ? stillWell(run, hosts) : { reason: stopped }
}

async function checkHere(run: Run): Promise<Halt | null> {
  const step = run.plan.canaryCheck
  if (step === null) return null
  const began = performance.now()
  run.emit({ type: 'phase.start', phase: 'canary', note: step.text })
  const failure = await askHere(run, step)
  const note = failure === null ? 'passed' : [failure.message, ...failure.output.slice(-3)].join('\n')
  run.emit({ type: 'phase.end', phase: 'canary', ok: failure === null, ms: performance.now() - began, note })
  return failure === null ? null : { reason: `the canary check failed: ${failure.message}` }
}

async function askHere(run: Run, step: ScriptStep): Promise<HostFailure | null> {
  const lines = outputLines((stream, line) => run.emit({ type: 'output', host: null, step: 'canary', stream, line }))
  const result = await runHere(step, run.stop, lines.write)
  lines.end()
  return result.code === 0 ? null : failureOf({ ...step, phase: 'canary', step: 'canary check' }, result)
}

async function checkOn(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  if (hosts.every(({ plan }) => plan.canaryCheck === null)) return null
  return inPhase(run, 'canary', hosts, async host =>
    host.plan.canaryCheck === null
      ? null
      : (await runStep(run, host, 'canary', { ...host.plan.canaryCheck, kind: 'hook' })).failure,
  )
}

async function confirmed(run: Run, hosts: readonly HostRun[]): Promise<Halt | null> {
  const rest = run.hosts.length - hosts.length
  const question = `${names(hosts)} ${hosts.length === 1 ? 'serves' : 'serve'} ${run.plan.release}. Go on with the other ${rest}?`
  const yes = await Promise.race([run.ask(question), run.stop.asked.then(() => false)])
  return yes ? null : { reason: run.stop.reason() ?? 'you said no after the canary' }
}

function names(hosts: readonly HostRun[]): string {
  return hosts.map(({ name }) => name).join(', ')
}
