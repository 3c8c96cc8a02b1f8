import { MixedError, PreflightError } from '../../errors.js'
import { holderLines, lockedError } from '../../fleet/lock-holder.js'
import { demandAll, reach } from '../../fleet/read/connect.js'
import { demandStates, inspectAll } from '../../fleet/read/inspect.js'
import { sessionsFor } from '../../fleet/read/login-problems.js'
import type { Session } from '../../fleet/session.js'
import { unlessStopped } from '../../fleet/stop.js'
import { warms } from '../../plan/app/warm.js'
import { inWords } from '../../release/paths.js'
import type { HostState } from '../../state/host-state.js'
import { leftBy, spanText } from '../../state/host-verdict.js'
import { isAtWork, isPersons, withEnds } from '../../state/lock-state.js'
import { inDoubt, type Problem, warningsOf } from '../../state/preflight.js'
import type { Context } from './context.js'
import { Interrupted } from './io.js'
import { isGone } from './this-process.js'

/** Every host of a run, connected and read. */
export type Fleet = readonly { readonly session: Session; readonly state: HostState; readonly sessions: number }[]

/**
 * Connects to every host and reads it. Throws PreflightError when one cannot be; nothing is changed. `bringing`: the command brings
 * a release to all hosts, or to all but those that it can --exclude.
 */
export async function survey(context: Context, bringing = false): Promise<Fleet> {
  const { emit, concurrency, config } = context
  const began = performance.now()
  emit({ type: 'phase.start', phase: 'check' })
  context.io.contacted()
  const reached = await orInterrupt(
    context,
    reach(context.hosts, context.connect, { concurrency, timeout: config.ssh.connectTimeout, emit }),
  )
  for (const { host, session, error } of reached) {
    const note = session === null ? (error?.message ?? 'not reached') : factsOf(session)
    emit({
      type: 'host.end',
      phase: 'check',
      step: 'connect',
      host: host.name,
      ok: session !== null,
      ms: performance.now() - began,
      note,
    })
  }
  const without = (names: readonly string[]) => context.io.again(`--exclude ${names.join(',')} --reason WHY`)
  const sessions = demandAll(reached, bringing ? without : null)
  for (const text of sshNotes(sessions)) emit({ type: 'note', level: 'info', host: null, text })
  const fleet = endsKnown(
    demandStates(
      await orInterrupt(
        context,
        inspectAll(
          sessions,
          config.shared.files,
          concurrency,
          sessionsFor(config),
          host => bringing && warms(config, host),
        ),
      ),
    ),
  )
  for (const { state } of fleet)
    for (const text of warningsOf(state)) emit({ type: 'note', level: 'warning', host: null, text })
  emit({
    type: 'phase.end',
    phase: 'check',
    ok: true,
    ms: performance.now() - began,
    note: `${fleet.length}/${fleet.length} hosts`,
  })
  return fleet
}

/** Connects to every host. Throws PreflightError when one cannot be reached, with the command line that goes without it. */
export async function reachAll(context: Context): Promise<readonly Session[]> {
  const { hosts, connect, concurrency, config, emit, io } = context
  const reaching = reach(hosts, connect, { concurrency, timeout: config.ssh.connectTimeout, emit })
  return demandAll(await orInterrupt(context, reaching), names => io.again(`--except ${names.join(',')}`))
}

/** The hosts with what this machine knows of the runs that hold them. */
export function endsKnown<T extends { readonly state: HostState }>(fleet: readonly T[]): readonly T[] {
  const states = withEnds(
    fleet.map(({ state }) => state),
    isGone,
  )
  return fleet.map((one, i) => ({ ...one, state: states[i] as HostState }))
}

/** Whether somebody else is at work. Throws LockedError. */
export function demandUnlocked(context: Context, fleet: Fleet): void {
  const held = fleet.filter(({ state }) => isAtWork(state.lock))
  const first = held[0]
  if (first === undefined) return
  const { lock } = first.state
  throw lockedError(
    context.config.stage,
    lock.holder,
    held.map(({ state }) => state.name),
    lock.age,
    lock.holder === null || isPersons(lock)
      ? null
      : leftBy(
          fleet.map(({ state }) => state),
          lock.holder.tx,
          0,
        ),
  )
}

/** Whether somebody else is at work, or was and left a swap in doubt. Throws LockedError, MixedError. */
export function demandFree(context: Context, fleet: Fleet): void {
  demandUnlocked(context, fleet)
  demandEnded(context, fleet)
  const doubtful = fleet.filter(({ state }) => inDoubt(state).length > 0)
  if (doubtful.length === 0) return
  throw new MixedError(
    `An earlier run died after it swapped and before it was confirmed, on ${doubtful.map(({ state }) => state.name).join(', ')}.`,
    {
      changed: 'nothing',
      details: [
        ...deadHolder(doubtful.map(({ state }) => state)),
        ...doubtful.flatMap(({ state }) =>
          inDoubt(state).map(
            ({ id, next, old }) => `${state.name}  tx ${id}: ${inWords(old)} → ${next ?? '?'}, undecided`,
          ),
        ),
      ],
      next: ['look: clonedeploy status', 'fix:  clonedeploy repair'],
    },
  )
}

/** Whether a run ended and left its lock for a repair to take. Throws MixedError. */
function demandEnded({ config }: Context, fleet: Fleet): void {
  const left = fleet.filter(({ state }) => state.lock.held && state.lock.over?.kind === 'ended')
  const [first] = left
  if (first === undefined) return
  const { lock } = first.state
  const why = lock.over?.kind === 'ended' ? lock.over.why : ''
  throw new MixedError(`An earlier run of ${config.stage} ended and needs a repair.`, {
    changed: 'nothing',
    details: [
      ...deadHolder(left.map(({ state }) => state)),
      `ended    ${why}`,
      `seen on  ${left.map(({ state }) => state.name).join(', ')}`,
    ],
    next: ['look: clonedeploy status', 'fix:  clonedeploy repair'],
  })
}

/** Whose run that was, as far as its lock still tells. */
function deadHolder(states: readonly HostState[]): readonly string[] {
  const lock = states.find(({ lock: { held, holder } }) => held && holder !== null)?.lock
  if (lock === undefined) return []
  const { holder, age } = lock
  const heard = age === null || age < 0 ? '' : `, last heard of ${spanText(age)} ago`
  return [`run of   ${holder?.who}@${holder?.from} since ${holder?.since}${heard}`, ...holderLines(holder), '']
}

/** Throws one PreflightError with every problem of every host. */
export function demandNone(problems: readonly Problem[]): void {
  const first = problems[0]
  if (first === undefined) return
  const hosts = new Set(problems.map(({ host }) => host))
  const message =
    problems.length === 1
      ? `${first.host}: ${first.text}.`
      : `${problems.length} problems on ${hosts.size} ${hosts.size === 1 ? 'host' : 'hosts'}.`
  throw new PreflightError(message, {
    changed: 'nothing',
    details: problems.length === 1 ? [] : problems.map(({ host, text }) => `${host}  ${text}`),
    next: [...new Set(problems.flatMap(({ fix }) => (fix === null ? [] : [`fix: ${fix}`])))],
  })
}

/** Ends the run when a stop is asked for while nothing has been changed yet. */
export async function orInterrupt<T extends object>(context: Context, work: Promise<T>): Promise<T> {
  const done = await unlessStopped(context.io.stop, work)
  if ('stopped' in done) throw new Interrupted(done.stopped)
  return done
}

/** Closes every session of the fleet. */
export function leave(fleet: readonly { readonly session: Session }[]): void {
  for (const { session } of fleet) session.close()
}

/** Which hosts the system's ssh was taken for, and why: a line for each reason. */
function sshNotes(sessions: readonly Session[]): readonly string[] {
  const whys = sessions.map(session => [session.connection().facts.why, session.host.name] as const)
  const reasons = [...new Set(whys.flatMap(([why]) => why ?? []))]
  return reasons.map(reason => {
    const names = whys.flatMap(([why, name]) => (why === reason ? [name] : []))
    return `${names.join(', ')}: connected by the system's ssh, because ${reason}`
  })
}

function factsOf(session: Session): string {
  const { facts } = session.connection()
  const key = facts.hostKey === null ? '' : `  ${facts.hostKey.type} ${shortened(facts.hostKey.fingerprint)}`
  return `${facts.user}@${facts.address}${facts.port === 22 ? '' : `:${facts.port}`}${key}`
}

function shortened(fingerprint: string): string {
  return fingerprint.length > 20 ? `${fingerprint.slice(0, 11)}…${fingerprint.slice(-4)}` : fingerprint
}
