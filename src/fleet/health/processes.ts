import { setTimeout as sleep } from 'node:timers/promises'
import type { HostPlan, ProcessStep } from '../../plan/plan.js'
import { type Living, parseProcesses } from '../../scripts/read/processes.js'
import { chain, group, stoppedAt, withoutStop } from '../../scripts/shell/script-chain.js'
import { isWhole, Script } from '../../scripts/shell/shell.js'
import { stillRuns } from '../../state/host-verdict.js'
import type { HostFailure, Phase } from '../outcome.js'
import type { Session } from '../session.js'
import { stopIn } from '../stop.js'
import type { HostRun, Run } from '../transaction/run.js'

const timeout = 20_000
/** Milliseconds that what was just restarted has to end, before it is warned of. */
const shortly = 5_000

/** The processes that live in releases of a host; null: they could not be read. */
export async function readProcesses(
  session: Session,
  step: Pick<ProcessStep, 'script'>,
): Promise<readonly Living[] | null> {
  const { code, stdout } = await session.run(step.script, { timeout })
  return code === 0 && isWhole(stdout) ? parseProcesses(stdout) : null
}

/**
 * Sees that no process serves another release than it should, once the app was restarted: a link and a good answer prove
 * nothing of a worker beside it. On the way back only what runs the new release is one too many; older ones were there before.
 */
export async function noneLeft(run: Run, host: HostRun, phase: Phase): Promise<HostFailure | null> {
  const { processes } = host.plan
  if (processes === null) return null
  const isBack =
    phase === 'rollback' ||
    (phase === 'cool' && host.current.kind === 'known' && host.current.target !== `releases/${processes.release}`)
  const isWrong = ({ release }: Living) => (isBack ? release === processes.release : release !== processes.release)
  const restarted = (phase === 'rollback' ? host.plan.restartOld : host.plan.restart).length > 0 || phase === 'cool'
  const fails = processes.old === 'fail' && phase !== 'cool' && (phase !== 'rollback' || restarted)
  const patience = fails ? processes.within : restarted ? Math.min(processes.within, shortly) : 0
  const until = performance.now() + patience
  for (let pause = 250; ; pause = Math.min(1000, pause * 2)) {
    const living = await readOn(host, processes, phase)
    if (living === null) return told(run, host, 'whether a process of another release is left could not be read')
    const wrong = living.filter(one => one.kind === 'app' && isWrong(one))
    if (wrong.length === 0) return null
    const stopped = stopIn(phase, run.stop).reason() !== null
    if (stopped || performance.now() + pause > until) return judged(run, host, phase, fails, wrong)
    await sleep(pause)
  }
}

/** On the way forward the answer is a sign of life, too: the lock is still ours. */
async function readOn(host: HostRun, step: ProcessStep, phase: Phase): Promise<readonly Living[] | null> {
  if (phase === 'rollback') return readProcesses(host.session, step)
  const { renew } = host.plan
  const both = chain([step.script, renew.script])
  const { code, stdout } = await host.session.run(both, { timeout, next: lastScripts(host.plan) })
  if (code === 0) host.heard = performance.now()
  const read = isWhole(stdout) && (code === 0 || stoppedAt(stdout) === renew.script.name)
  return read ? parseProcesses(withoutStop(stdout)) : null
}

function judged(run: Run, host: HostRun, phase: Phase, fails: boolean, wrong: readonly Living[]): HostFailure | null {
  const message = stillRuns(wrong)
  if (phase === 'cool') return told(run, host, `${message}; to end it: ${ending(host, wrong)}`)
  if (!fails) return told(run, host, message)
  host.healthy = false
  return { phase, step: 'processes', message, hint: null, output: [] }
}

function ending({ name }: HostRun, wrong: readonly Living[]): string {
  return `clonedeploy run --only ${name} -- kill ${wrong.map(({ pid }) => pid).join(' ')}`
}

function told(run: Run, host: HostRun, text: string): null {
  run.emit({ type: 'note', level: 'warning', host: host.name, text })
  run.warnings.push(`${host.name}: ${text}`)
  return null
}

/** Stand on stdout where old releases could not be removed, or a record could not be kept. */
export const notRemoved = '@not removed'
export const notRecorded = '@not recorded'

/** Records the end of a transaction, unlocks, and reads `current` once more. `tidying`: what can fail without harm goes first. */
export function endScript({ prune, record, finish, look }: HostPlan, tidying = true): Script {
  const first = [
    ...(prune === null ? [] : [tolerant(prune.script, notRemoved)]),
    ...(record === null ? [] : [tolerant(record.script, notRecorded)]),
  ]
  return chain([...(tidying ? first : []), finish.script, look.script])
}

/** All that a host has still to do once it serves well: these follow each other closely. */
export function lastScripts(plan: HostPlan): readonly Script[] {
  return [plan.confirm.script, endScript(plan)]
}

/** What was served before can wait for the next deploy; the end of this one cannot. */
function tolerant(script: Script, failed: string): Script {
  return new Script(script.name, `${group(script)} || echo '${failed}'`, [], true)
}
