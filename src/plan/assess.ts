import type { Excluded, FleetState, HostState } from '../inventory/state.js'
import { isAlive } from '../scripts/inspect.js'
import { newestRecord } from './newest-record.js'
import { inDoubt, unserved } from './preflight.js'
import type { StatusHost, StatusReport } from './status.js'
import { currentEntry, currentRelease, mostCommon } from './transaction.js'

/** What was found out about a host beside its state. */
export interface Probe {
  readonly served: string | null
  readonly health: StatusHost['health']
  readonly healthNote: string
  readonly drift: StatusHost['drift']
}

/** The verdict on a fleet: what it is meant to serve, and what is off where. Pure; says nothing that was not read. */
export function assess(
  app: string,
  stage: string,
  fleet: FleetState,
  probes: ReadonlyMap<string, Probe>,
): StatusReport {
  const states = fleet.hosts.flatMap(({ state }) => (state === null ? [] : [state]))
  const target = targetOf(states)
  const excluded = newestRecord(states)?.excluded ?? []
  const read = fleet.hosts.map(({ name, state, error }) =>
    state === null ? unreachable(name, error) : hostOf(state, target, probes.get(name)),
  )
  const hosts = read.map(host =>
    leftOut(
      host,
      excluded.find(one => one.host === host.name),
    ),
  )
  const holding = states.find(({ lock }) => lock.held)
  const result = resultOf(states, hosts)
  const problems = hosts.flatMap(problemOf)
  return {
    v: 1,
    command: 'status',
    app,
    stage,
    result,
    exitCode: result === 'consistent' || result === 'empty' ? 0 : 6,
    target,
    lock: holding === undefined ? null : lockOf(holding),
    hosts,
    problems,
    next: nextOf(hosts),
  }
}

/** A host that is off because somebody left it out: said with the reason, for it is off all the same. */
function leftOut(host: StatusHost, excluded: Excluded | undefined): StatusHost {
  if (excluded === undefined || host.flag === null || host.flag === 'IN DOUBT') return host
  return { ...host, flag: 'EXCLUDED', error: `left out by ${excluded.by} at ${excluded.at}: ${excluded.reason}` }
}

/** What the fleet is meant to serve: by the newest record on any host, or what a confirmed transaction says, or what most serve. */
export function targetOf(states: readonly HostState[]): string | null {
  const confirmed = states.flatMap(({ transactions }) =>
    transactions.filter(({ outcome, id }) => outcome === 'confirmed' && unfinished(states, id)),
  )
  return confirmed[0]?.next ?? newestRecord(states)?.release ?? mostCommon(states.map(currentRelease))
}

/** Whether a transaction was confirmed somewhere and reverted or undecided elsewhere. */
function unfinished(states: readonly HostState[], id: string): boolean {
  return states.some(({ transactions }) => transactions.some(one => one.id === id && one.outcome !== 'confirmed'))
}

function resultOf(states: readonly HostState[], hosts: readonly StatusHost[]): StatusReport['result'] {
  if (hosts.some(({ reachable }) => !reachable) || states.some(state => inDoubt(state).length > 0)) return 'unknown'
  if (hosts.every(({ current }) => current === null) && states.every(({ current }) => current.kind === 'absent'))
    return 'empty'
  return hosts.some(({ flag }) => flag !== null) ? 'mixed' : 'consistent'
}

function hostOf(state: HostState, target: string | null, probe: Probe | undefined): StatusHost {
  const current = currentRelease(state)
  const open = state.transactions.find(({ outcome }) => outcome === null)
  const host: Omit<StatusHost, 'flag'> = {
    name: state.name,
    reachable: true,
    error: null,
    current,
    digest: currentEntry(state)?.digest ?? null,
    served: probe?.served ?? null,
    health: probe?.health ?? 'none',
    healthNote: probe?.healthNote ?? '',
    drift: probe?.drift ?? null,
    transaction: open === undefined ? null : { id: open.id, phase: open.state, target: open.next, previous: open.old },
    releases: state.releases.map(({ id }) => id),
    last: state.last,
  }
  return { ...host, flag: flagOf(host, state, target) }
}

function flagOf(host: Omit<StatusHost, 'flag'>, state: HostState, target: string | null): string | null {
  if (inDoubt(state).length > 0) return 'IN DOUBT'
  if (state.current.kind === 'folder' || state.current.kind === 'other') return 'NOT A LINK'
  if (state.current.kind === 'link' && !state.current.resolves) return 'DANGLING'
  if (host.current !== target) return host.current === null ? 'NEW' : 'OLD'
  if (host.drift !== null && host.drift.modified.length + host.drift.missing.length + host.drift.extra.length > 0)
    return 'DRIFT'
  if (unserved(state).length > 0) return 'NOT RESTARTED'
  return host.health === 'failing' ? 'FAILING' : null
}

function unreachable(name: string, error: string | null): StatusHost {
  const nothing = {
    current: null,
    digest: null,
    served: null,
    health: 'none',
    healthNote: '',
    drift: null,
    transaction: null,
    releases: [],
    last: null,
  } as const
  return { name, reachable: false, error, ...nothing, flag: 'UNREACHABLE' }
}

function lockOf({ lock }: HostState): StatusReport['lock'] {
  const { holder } = lock
  return {
    holder: holder === null ? 'unknown' : `${holder.who}@${holder.from}`,
    since: holder?.since ?? '',
    reason: holder === null ? '' : [holder.command, holder.reason].filter(text => text !== '').join(': '),
    alive: lock.age !== null && isAlive(lock.age),
    tx: holder?.tx ?? '',
  }
}

function problemOf(host: StatusHost): readonly string[] {
  switch (host.flag) {
    case null:
      return []
    case 'OLD':
      return [`${host.name} serves another release than the fleet's.`]
    case 'NEW':
      return [`${host.name} serves nothing yet.`]
    case 'IN DOUBT':
      return [`${host.name} swapped and was never confirmed (transaction ${host.transaction?.id ?? '?'}).`]
    case 'EXCLUDED':
      return [`${host.name} was ${host.error ?? 'left out'}. It may serve old code.`]
    case 'UNREACHABLE':
      return [`${host.name} could not be read: ${host.error ?? 'no answer'}`]
    case 'DRIFT':
      return [`${host.name} holds files that are not those of its release.`]
    case 'NOT RESTARTED':
      return [`${host.name} went back to ${host.current}; nobody saw its restart come to its end.`]
    case 'FAILING':
      return [`${host.name} is not healthy: ${host.healthNote}`]
    case 'DANGLING':
      return [`${host.name}: current points at a release that does not exist.`]
    default:
      return [`${host.name}: current is not a link.`]
  }
}

function nextOf(hosts: readonly StatusHost[]): readonly string[] {
  const flags = new Set(hosts.map(({ flag }) => flag))
  return [
    ...(['OLD', 'NEW', 'IN DOUBT', 'DRIFT', 'DANGLING', 'EXCLUDED', 'NOT RESTARTED'].some(flag => flags.has(flag))
      ? ['fix: clonedeploy repair']
      : []),
    ...(flags.has('FAILING') ? ['look: clonedeploy run -- CMD'] : []),
  ]
}
