import { isNew } from '../../plan/plan.js'
import { releaseIn } from '../../release/paths.js'
import { listed } from '../../text/phrases.js'
import { wordsOf } from '../balancer/balancers.js'
import type { HostOutcome, Outcome } from '../outcome.js'
import type { Halt, HostRun, Run } from './run.js'

export interface OutcomeFacts {
  readonly startedAt: number
  readonly log: string | null
}

/**
 * `undone`: a dead run's swap was undone, as was asked; `put-back`: this run failed and was undone; `unhealthy`: one of both,
 * and what is served again is not healthy.
 */
type Ending = 'deployed' | 'aborted' | 'put-back' | 'undone' | 'unhealthy' | 'mixed'

/** Makes the outcome from what was read back, and from nothing else. */
export function outcomeOf(run: Run, facts: OutcomeFacts, ending: Ending, halt: Halt | null): Outcome {
  const { plan } = run
  const hosts = run.hosts.map(host => hostOutcome(run, host, ending))
  return {
    command: plan.command,
    app: plan.app,
    stage: plan.stage,
    ...resultOf(plan.command, ending),
    release: plan.release,
    previous: plan.previous,
    digest: plan.digest,
    seconds: Math.round((performance.now() - facts.startedAt) / 100) / 10,
    bytes: hosts.reduce((sum, { bytes }) => sum + bytes, 0),
    swapWindowMs: run.swapWindowMs,
    switchWindowMs: run.switchWindowMs,
    hosts,
    reason: halt?.reason ?? null,
    ...(halt?.onRequest ? { stopped: true } : {}),
    ...(run.gone.length === 0 ? {} : { gone: goneOf(run) }),
    next: [...(halt?.next ?? []), ...nextSteps(run, ending)],
    warnings: run.warnings,
    log: facts.log,
  }
}

function goneOf({ gone }: Run): NonNullable<Outcome['gone']> {
  return gone.map(host => ({ name: host.name, ...(host.gone as NonNullable<HostRun['gone']>) }))
}

function resultOf(command: Outcome['command'], ending: Ending): Pick<Outcome, 'result' | 'exitCode'> {
  switch (ending) {
    case 'deployed':
      return { result: done[command], exitCode: 0 }
    case 'aborted':
      return { result: 'aborted', exitCode: 3 }
    case 'put-back':
      // A fleet that needed a repair was not whole before, so it is not whole again.
      return command === 'repair' ? { result: 'mixed', exitCode: 6 } : { result: 'put-back', exitCode: 5 }
    case 'undone':
      return { result: 'put-back', exitCode: 0 }
    case 'unhealthy':
      return { result: 'put-back', exitCode: 6 }
    case 'mixed':
      return { result: 'mixed', exitCode: 6 }
  }
}

const done = {
  deploy: 'deployed',
  promote: 'deployed',
  rollback: 'rolled-back',
  restart: 'restarted',
  repair: 'deployed',
  join: 'deployed',
} as const

function hostOutcome(run: Run, host: HostRun, ending: Ending): HostOutcome {
  const target = host.current.kind === 'known' ? host.current.target : null
  const isNew = target === `releases/${run.plan.release}`
  const isOld = target === host.plan.old
  const out = outOf(run, host, ending)
  const unread = host.current.kind === 'unknown' && host.failure === null
  return {
    name: host.name,
    current: isOld ? host.plan.oldRelease : releaseIn(target),
    digest: isNew ? run.plan.digest : isOld ? host.plan.oldDigest : null,
    healthy: ending === 'aborted' ? null : host.healthy,
    ...(run.plan.command === 'restart' ? { restarted: host.swapBegun } : {}),
    bytes: host.session.bytes(),
    ...(out === null ? {} : { out }),
    error: unread
      ? { phase: 'confirm', step: 'read back', message: 'what it serves could not be read', hint: null, output: [] }
      : host.failure,
  }
}

/** Where a host is out of service: by this run, or still by an earlier one, which had left it out or died. */
function outOf({ balancers }: Run, { name, out }: HostRun, ending: Ending): string | null {
  const isLeft = ending !== 'deployed' && balancers?.drainedBefore.has(name) && !balancers.back.has(name)
  const where = isLeft ? balancers?.balancers.find(({ hosts }) => hosts.includes(name)) : undefined
  return out ?? (where === undefined ? null : wordsOf(where, name))
}

function nextSteps(run: Run, ending: Ending): readonly string[] {
  const gone = run.balancers?.gone ?? null
  if (ending === 'mixed' && gone !== null) return [`when ${gone} is back: clonedeploy repair`]
  if (ending === 'mixed') return ['look: clonedeploy status', 'fix:  clonedeploy repair']
  if (ending === 'deployed') return canBeUndone(run) ? ['undo: clonedeploy rollback'] : []
  const hints = run.hosts.flatMap(({ failure }) => (failure?.hint ? [failure.hint] : []))
  const told = run.hosts.find(({ failure }) => failure?.log !== undefined)
  const again = ending === 'unhealthy' && run.plan.command === 'deploy' ? ['when it is right: clonedeploy deploy'] : []
  const out = run.hosts.filter(host => outOf(run, host, ending) !== null).map(({ name }) => name)
  const well = ending === 'unhealthy' ? 'healthy' : 'well'
  const back = `when ${listed(out)} ${out.length === 1 ? 'is' : 'are'} ${well}: clonedeploy repair`
  return [
    ...new Set(hints),
    ...(told === undefined ? [] : [`look: ${logsCommand(run, told)}`]),
    ...(out.length > 0 ? [back] : []),
    ...again,
  ]
}

/** A host that served nothing before has no earlier release to go back to. */
function canBeUndone({ plan, hosts }: Run): boolean {
  return isNew(plan) && plan.previous !== null && hosts.every(host => host.plan.oldRelease !== null)
}

export function logsCommand({ plan }: Run, host: HostRun): string {
  const release = host.plan.log?.ofRelease ? ` --release ${plan.release}` : ''
  return `clonedeploy logs ${host.name}${release}`
}
