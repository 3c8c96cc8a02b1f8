import { isOlder, isReleaseId } from '../release/id.js'
import { inWords } from '../release/paths.js'
import { isBeforeUs, type Word } from './evidence/host-claims.js'
import { aloneText } from './evidence/lone-host.js'
import { disown } from './evidence/owner.js'
import type { HostState, LockState, TransactionState } from './host-state.js'
import { isAtWork, isPersons } from './lock-state.js'
import { asideOf, inDoubt, unserved } from './preflight.js'
import { shipped } from './protocol-times.js'
import { isIntact } from './release-drift.js'
import { currentRelease, releaseBeside } from './releases.js'
import type { StatusHost, Verdict } from './status-report.js'

/** The verdict with one sentence (null: nothing to say), what to run next, and how many releases it is behind. */
interface Judgement {
  readonly verdict: Verdict
  readonly flag: StatusHost['flag']
  readonly says: string | null
  readonly next: string | null
  readonly behind: number | null
}

/** What is known of the fleet as a whole when one of its hosts is judged. */
export interface FleetFacts {
  readonly target: string | null
  /** What brings hosts that serve something else to the same. */
  readonly mend: string
  /** What hosts alone say, by their names. */
  readonly alone: ReadonlyMap<string, Word>
  /** Every release that the fleet once served. */
  readonly releases: ReadonlySet<string>
  /** Transactions that some host has confirmed. */
  readonly confirmed: ReadonlySet<string>
  /** Where a run that died took hosts out of service: `HAProxy web/web-3`. */
  readonly drained: ReadonlyMap<string, string>
  /** Where users are sent that should be sent to what `current` names, or why a deploy would not move them; with what helps. */
  readonly astray: ReadonlyMap<string, { readonly text: string; readonly fix: string }>
  /** Whose hosts are, where they are not ours: `/srv/shop was deployed as …`. */
  readonly owned: ReadonlyMap<string, string>
}

export const repair = 'fix: clonedeploy repair'
/** What another tool has left on hosts is made the same by a release of ours. */
export const deploy = 'fix: clonedeploy deploy'
export const wait = 'wait, then: clonedeploy status'
const { lease } = shipped

export function joinHosts(names: readonly string[]): string {
  return `fix: clonedeploy join --host ${names.join(',')}`
}

type Probed = Pick<StatusHost, 'drift' | 'health' | 'healthNote' | 'processes' | 'oldProcesses'> & {
  readonly restarts: boolean
}

/** The first thing that is off with a host, the worst first. Says nothing that was not read. */
export function judge(state: HostState, probe: Probed, fleet: FleetFacts) {
  return (
    notOurs(state, fleet) ??
    midway(state, fleet) ??
    damaged(state) ??
    broken(state) ??
    alone(state, fleet) ??
    misplaced(state, fleet) ??
    drifted(state, probe) ??
    notRestarted(state) ??
    astray(state, fleet) ??
    drained(state, fleet) ??
    unhealthy(state, probe) ??
    warm(state) ??
    outdated(state, probe) ??
    whole(state)
  )
}

export function unreachable(name: string, error: string | null): Judgement {
  return off(
    'unreachable',
    'UNREACHABLE',
    `${name} could not be read: ${error ?? 'no answer'}`,
    'look: clonedeploy check',
  )
}

function notOurs({ name }: HostState, { owned }: FleetFacts): Judgement | null {
  const whose = owned.get(name)
  return whose === undefined ? null : off('not ours', 'NOT OURS', `${name}: ${whose}.`, `fix: ${disown('repair')}`)
}

function midway(state: HostState, { confirmed }: FleetFacts): Judgement | null {
  const [open] = inDoubt(state)
  if (open === undefined) return null
  const what = `${state.name} swapped to ${open.next ?? 'another release'}`
  const doubt = (verdict: Verdict, text: string, next = repair) => off(verdict, 'IN DOUBT', `${what} ${text}`, next)
  if (confirmed.has(open.id)) return doubt('in doubt', 'and was not told that others have confirmed it.')
  const { lock } = state
  const age = open.lease
  if (isAtWork(lock) && lock.holder?.tx === open.id && age !== null && age <= lease)
    return doubt('deploying', `and is not confirmed yet: ${workOf(lock)}.`, wait)
  if (isAtWork(lock) && lock.holder?.tx !== open.id)
    return doubt('in doubt', `and was never confirmed: ${workOf(lock)}.`, wait)
  if (age === null || age < 0) return doubt('in doubt', 'and was never confirmed; since when, its clock does not tell.')
  if (age <= 2 * lease)
    return doubt(
      'in doubt',
      `and nobody has been heard of for ${age} s: it puts itself back when that is about ${lease} s.`,
      wait,
    )
  return doubt(
    'watchdog dead',
    `and was never confirmed; its lease has been over for ${spanText(age - lease)} and it has not put itself back (was it restarted?): only a repair does.`,
  )
}

function damaged(state: HostState): Judgement | null {
  const [first] = state.damaged
  if (first === undefined) return null
  const { file, why } = first
  return off('damaged', 'DAMAGED', `${state.name}: ${file} ${why}.`, `fix: ${asideOf(state, file)}`)
}

function broken({ name, current }: HostState): Judgement | null {
  if (current.kind === 'folder' || current.kind === 'other')
    return off('broken', 'NOT A LINK', `${name}: current is not a link.`, 'look: clonedeploy check')
  if (current.kind === 'link' && !current.resolves)
    return off(
      'broken',
      'DANGLING',
      `${name}: current points at ${inWords(current.target)}, which does not exist.`,
      repair,
    )
  return null
}

function alone({ name }: HostState, fleet: FleetFacts): Judgement | null {
  const word = fleet.alone.get(name)
  if (word === undefined) return null
  return off('alone', 'ALONE', `${aloneText(word)}.`, isBeforeUs(word.record) ? deploy : trustStep(name))
}

function trustStep(host: string): string {
  return `if that is right: clonedeploy repair --trust-host ${host}`
}

function misplaced(state: HostState, { target, mend, releases, confirmed, alone }: FleetFacts): Judgement | null {
  const serves = currentRelease(state)
  const { name } = state
  if (target === null) {
    const [word] = alone.keys()
    if (serves !== null || word === undefined) return null
    return off('new', 'NEW', `${name} serves nothing yet.`, trustStep(word))
  }
  if (serves === target) return null
  if (serves === null)
    return off('new', 'NEW', `${name} serves nothing yet; the fleet serves ${target}.`, joinHosts([name]))
  const split = state.transactions.find(({ id, outcome }) => outcome === 'reverted' && confirmed.has(id))
  if (split !== undefined)
    return off('split', 'OLD', `${name} went back to ${serves} while others were confirmed on ${target}.`, repair)
  const known = isReleaseId(serves) && isReleaseId(target)
  if (known && isOlder(target, serves))
    return off('ahead', 'OLD', `${name} serves ${serves}, which is newer than the fleet's ${target}.`, mend)
  const behind = known ? missed(serves, target, releases) : null
  const count = behind === null ? '' : `, ${behind} ${behind === 1 ? 'release' : 'releases'} behind`
  return { ...off('behind', 'OLD', `${name} serves ${serves}${count}; the fleet serves ${target}.`, mend), behind }
}

/** How many of the releases that the fleet once served came after this one, up to its own. */
function missed(serves: string, target: string, releases: ReadonlySet<string>): number {
  return new Set([...releases, target].filter(id => isOlder(serves, id) && !isOlder(target, id))).size
}

function drifted({ name }: HostState, { drift }: Pick<StatusHost, 'drift'>): Judgement | null {
  if (drift === null || isIntact(drift)) return null
  const files = drift.modified.length + drift.missing.length
  const text = `${name} holds ${files} ${files === 1 ? 'file that is' : 'files that are'} not as its release was sealed.`
  return off('drifted', 'DRIFT', text, repair)
}

function notRestarted(state: HostState): Judgement | null {
  if (unserved(state).length === 0) return null
  const text = `${state.name} was put back to ${currentRelease(state)}, and its restart was not seen to succeed: files old, service state unknown.`
  return off('service unknown', 'NOT RESTARTED', text, repair)
}

function drained({ name, lock }: HostState, fleet: FleetFacts): Judgement | null {
  const where = fleet.drained.get(name)
  if (where === undefined || isAtWork(lock)) return null
  return off('drained', 'DRAINED', `${name} is out of ${where}: a run has drained it and did not put it back.`, repair)
}

function astray({ name, lock }: HostState, fleet: FleetFacts): Judgement | null {
  const found = fleet.astray.get(name)
  if (found === undefined || (isAtWork(lock) && !isPersons(lock))) return null
  const { text, fix } = found
  return off('other port', 'OTHER PORT', `${name}: ${text}.`, /^[a-z, ]+: /.test(fix) ? fix : `fix: ${fix}`)
}

function unhealthy({ name }: HostState, { health, healthNote, restarts }: Probed): Judgement | null {
  if (health !== 'failing') return null
  const next = restarts ? `fix: clonedeploy restart --only ${name}` : `look: clonedeploy run --only ${name} -- ps x`
  return off('unhealthy', 'FAILING', `${name} is not healthy: ${healthNote}`, next)
}

function warm(state: HostState): Judgement | null {
  const { name, lock } = state
  const release = releaseBeside(state)
  if (release === null) return null
  const beside =
    release === currentRelease(state)
      ? 'the release before may still run beside it'
      : `${release} runs beside it and serves nobody`
  if (isAtWork(lock) && !isPersons(lock))
    return { verdict: 'deploying', flag: null, says: `${name}: ${beside}: ${workOf(lock)}.`, next: null, behind: null }
  return off('warm', 'WARM', `${name}: ${beside}: a run that did not end has left it.`, repair)
}

function outdated({ name }: HostState, { processes, oldProcesses }: Probed): Judgement | null {
  if (processes.length === 0 || oldProcesses === 'warn') return null
  return off(
    'old process',
    'OLD PROCESS',
    `${name} ${stillRuns(processes)}.`,
    `look: clonedeploy run --only ${name} -- ps x`,
  )
}

/** `still runs 20261122-101010-1f2e3d4: node (pid 123)`. */
export function stillRuns(processes: StatusHost['processes']): string {
  const releases = [...new Set(processes.map(({ release }) => release))]
  const words = releases.map(release => {
    const names = processes.flatMap(one => (one.release === release ? [`${one.name} (pid ${one.pid})`] : []))
    const more = names.length > 5 ? [`${names.length - 5} more`] : []
    return `still runs ${release}: ${[...names.slice(0, 5), ...more].join(', ')}`
  })
  return words.join('; ')
}

function whole({ name, lock, current, transactions }: HostState): Judgement {
  const verdict = current.kind === 'absent' ? 'new' : 'consistent'
  const fine: Judgement = { verdict, flag: null, says: null, next: null, behind: null }
  const ended = transactions.some(({ id, outcome }) => id === lock.holder?.tx && outcome !== null)
  if (!isAtWork(lock) || ended) return fine
  if (isPersons(lock)) return { ...fine, verdict: 'locked', says: `${name} is locked by ${whoOf(lock)}.` }
  return { ...fine, verdict: 'deploying', says: `${name} is being prepared: ${workOf(lock)}.` }
}

function workOf(lock: LockState): string {
  return `${whoOf(lock)} is at work, heard of ${Math.abs(lock.age ?? 0)} s ago (tx ${lock.holder?.tx ?? '?'})`
}

function whoOf({ holder }: LockState): string {
  return holder === null ? 'somebody' : `${holder.who}@${holder.from}`
}

function off(verdict: Verdict, flag: string, says: string, next: string): Judgement {
  return { verdict, flag, says, next, behind: null }
}

/** `95 s`, `42 min`, `5 h`, `3 days`. */
export function spanText(seconds: number): string {
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} days`
}

/** How a dead run left the hosts that were read: in one sentence for whoever meets its lock. */
export function leftBy(states: readonly HostState[], tx: string, unread: number): string {
  const parts = states.flatMap(({ name, transactions }) => {
    const one = transactions.find(({ id }) => id === tx)
    return one === undefined ? [] : stateWords(name, one)
  })
  const told = parts.length === 0 ? 'no host was swapped' : parts.join(', ')
  return unread === 0 ? told : `of the hosts that could be read, ${told}`
}

function stateWords(name: string, { state, outcome }: TransactionState): readonly string[] {
  if (state === 'unserved') return [`${name} swapped, reverted, not seen to be restarted`]
  if (state !== 'swapped' && state !== 'back') return []
  return [`${name} swapped, ${outcome ?? 'undecided'}`]
}
