import { inWords } from '../release/paths.js'
import type { PortState } from '../release/ports.js'
import { type RuntimeAnswer, runtimeTexts } from './answers/runtime.js'
import { isBeforeUs } from './evidence/host-claims.js'
import { aloneReport, trusting } from './evidence/lone-host.js'
import { ownedByOthers, withOwnRecords } from './evidence/owner.js'
import { unlisted } from './evidence/unlisted.js'
import { type Known, nothingKnown, type Vouched, vouched } from './evidence/vouched-record.js'
import type { Excluded, FleetState, HostState } from './host-state.js'
import { deploy, type FleetFacts, joinHosts, judge, leftBy, repair, unreachable, wait } from './host-verdict.js'
import { isAtWork, isPersons } from './lock-state.js'
import { platformText, unlikeTexts } from './platform.js'
import { inDoubt } from './preflight.js'
import { confirmedReleases, currentEntry, currentRelease } from './releases.js'
import type { Place, StatusHost, StatusReport } from './status-report.js'

/** What was found out about a host beside its state. */
export interface Probe {
  readonly served: string | null
  readonly health: StatusHost['health']
  readonly healthNote: string
  readonly drift: StatusHost['drift']
  readonly processes: StatusHost['processes']
  readonly oldProcesses: StatusHost['oldProcesses']
  /** Whether the configuration says how to restart the app there. */
  readonly restarts: boolean
  /** Absent: no command was run there. */
  readonly runtime?: readonly RuntimeAnswer[]
}

/** What the balancers say: of which host what, where a dead run has drained one, and what could not be read. */
export interface InService {
  readonly places: ReadonlyMap<string, readonly Place[]>
  readonly drained: ReadonlyMap<string, string>
  /** Of hosts whose users are not sent to what `current` names, or would not be after a deploy. */
  readonly astray: FleetFacts['astray']
  /** Where hosts have two ports, or had them. */
  readonly ports: ReadonlyMap<string, readonly PortState[]>
  readonly problems: readonly string[]
}

const noBalancer: InService = {
  places: new Map(),
  drained: new Map(),
  astray: new Map(),
  ports: new Map(),
  problems: [],
}

/** The verdict on a fleet: what it is meant to serve, and what is off where. Pure; says nothing that was not read. */
export function assess(
  app: string,
  stage: string,
  fleet: FleetState,
  probes: ReadonlyMap<string, Probe>,
  service: InService = noBalancer,
  known: Known = nothingKnown,
  inventory: readonly string[] = fleet.hosts.map(({ name }) => name),
): StatusReport {
  const us = { app, stage }
  const read = fleet.hosts.flatMap(({ state }) => (state === null ? [] : [state]))
  const states = withOwnRecords(read, us)
  const owned = new Map(ownedByOthers(read, us).map(({ host, text }) => [host, text]))
  const heard = vouched(
    states.filter(({ name }) => !owned.has(name)),
    known,
  )
  const facts = { ...factsOf(states, heard), drained: service.drained, astray: service.astray, owned }
  const excluded = heard.record?.excluded ?? []
  const hosts = fleet.hosts.map(({ name, state, error }) => {
    const left = excluded.find(({ host }) => host === name)
    const host = leftOut(state === null ? unread(name, error) : hostOf(state, facts, probes.get(name)), left)
    const [ports, places] = [service.ports.get(name), service.places.get(name)]
    return { ...host, ...(ports && { ports }), ...(places && { places }) }
  })
  const result = service.problems.length > 0 ? 'unknown' : resultOf(states, hosts)
  const holding = states.find(({ lock }) => lock.held)
  const lock = holding === undefined ? null : lockOf(holding, states, hosts.length - states.length)
  return {
    v: 1,
    command: 'status',
    app,
    stage,
    result,
    exitCode: result === 'consistent' || result === 'empty' ? 0 : 6,
    target: facts.target,
    ...originOf(states, facts.target),
    lock,
    hosts,
    split: splitOf(hosts),
    ...(heard.alone.length === 0 ? {} : { alone: heard.alone.map(aloneReport) }),
    ...maintenanceOf(states),
    ...unlistedOf(heard, inventory),
    ...unlikeOf(states, hosts),
    problems: [
      ...hosts.flatMap(({ flag, says }) => (flag === null || says === null ? [] : [says])),
      ...service.problems,
    ],
    next: nextOf(
      hosts,
      lock,
      trusting(states, ours(heard), flag => `clonedeploy repair ${flag}`),
    ),
  }
}

function originOf(states: readonly HostState[], target: string | null): Pick<StatusReport, 'origin'> {
  const held = states.flatMap(({ releases }) => releases.filter(({ id }) => id === target))
  const origin = held.find(one => one.origin !== undefined)?.origin
  return origin === undefined ? {} : { origin }
}

function ours({ record, alone }: Vouched): Vouched {
  return { record, alone: alone.filter(word => !isBeforeUs(word.record)) }
}

function maintenanceOf(states: readonly HostState[]): Pick<StatusReport, 'maintenance'> {
  const on = states.flatMap(({ name, maintenance }) => (maintenance === null ? [] : [{ name, maintenance }]))
  const [first] = on
  return first === undefined ? {} : { maintenance: { ...first.maintenance, hosts: on.map(({ name }) => name) } }
}

function unlikeOf(states: readonly HostState[], hosts: readonly StatusHost[]): Pick<StatusReport, 'unlike'> {
  const unlike = [...unlikeTexts(states), ...runtimeTexts(hosts)]
  return unlike.length === 0 ? {} : { unlike }
}

function unlistedOf({ record }: Vouched, inventory: readonly string[]): Pick<StatusReport, 'unlisted'> {
  const gone = unlisted(record, inventory)
  return gone.length === 0 ? {} : { unlisted: gone }
}

function factsOf(
  states: readonly HostState[],
  { record, alone }: Vouched,
): Omit<FleetFacts, 'drained' | 'astray' | 'owned'> {
  const transactions = states.flatMap(state => state.transactions)
  return {
    target: record?.release ?? null,
    mend: record !== null && isBeforeUs(record) ? deploy : repair,
    alone: new Map(alone.map(word => [word.host, word])),
    releases: confirmedReleases(states),
    confirmed: new Set(transactions.flatMap(({ id, outcome }) => (outcome === 'confirmed' ? [id] : []))),
  }
}

/** A host that is off because somebody left it out: said with the reason, for it is off all the same. */
function leftOut(host: StatusHost, excluded: Excluded | undefined): StatusHost {
  if (excluded === undefined || host.flag === null) return host
  const why = `it was left out by ${excluded.by} at ${excluded.at}: ${excluded.reason}`
  const says = `${(host.says ?? host.name).replace(/\.$/, '')}; ${why}`
  if (host.flag === 'IN DOUBT') return { ...host, says }
  const next = host.reachable ? 'fix: clonedeploy repair' : 'when it is back: clonedeploy repair'
  return { ...host, verdict: host.reachable ? host.verdict : 'left out', flag: 'EXCLUDED', error: why, says, next }
}

function resultOf(states: readonly HostState[], hosts: readonly StatusHost[]): StatusReport['result'] {
  if (hosts.some(({ reachable }) => !reachable) || states.some(state => inDoubt(state).length > 0)) return 'unknown'
  if (hosts.every(({ current }) => current === null) && states.every(({ current }) => current.kind === 'absent'))
    return 'empty'
  return hosts.some(({ flag }) => flag !== null) ? 'mixed' : 'consistent'
}

function hostOf(state: HostState, facts: FleetFacts, probe: Probe = unprobed): StatusHost {
  const { restarts: _, ...found } = probe
  const open = state.transactions.find(({ outcome }) => outcome === null)
  return {
    name: state.name,
    reachable: true,
    error: null,
    current: currentRelease(state),
    digest: currentEntry(state)?.digest ?? null,
    ...found,
    transaction:
      open === undefined
        ? null
        : {
            id: open.id,
            phase: open.state,
            target: open.next,
            previous: open.old === null ? null : inWords(open.old),
          },
    releases: state.releases.map(({ id }) => id),
    last: state.last,
    ...(state.platform === null ? {} : { platform: platformText(state.platform) }),
    ...judge(state, probe, facts),
  }
}

const unprobed: Probe = {
  served: null,
  health: 'none',
  healthNote: '',
  drift: null,
  processes: [],
  oldProcesses: 'warn',
  restarts: false,
}

const { restarts: _, ...unasked } = unprobed

function unread(name: string, error: string | null): StatusHost {
  const nothing = { current: null, digest: null, transaction: null, releases: [], last: null } as const
  return { name, reachable: false, error, ...nothing, ...unasked, ...unreachable(name, error) }
}

function splitOf(hosts: readonly StatusHost[]): StatusReport['split'] {
  const read = hosts.filter(({ reachable }) => reachable)
  const served = [...new Set(read.map(({ current }) => current))]
  if (served.length < 2) return null
  return served
    .map(release => ({ release, hosts: read.flatMap(host => (host.current === release ? [host.name] : [])) }))
    .sort((a, b) => b.hosts.length - a.hosts.length)
}

function lockOf({ lock }: HostState, states: readonly HostState[], unread: number): StatusReport['lock'] {
  const { holder, age } = lock
  const alive = isAtWork(lock)
  return {
    holder: holder === null ? 'unknown' : `${holder.who}@${holder.from}`,
    since: holder?.since ?? '',
    reason: holder === null ? '' : [holder.command, holder.reason].filter(text => text !== '').join(': '),
    alive,
    tx: holder?.tx ?? '',
    age,
    kept: isPersons(lock),
    over: lock.over === null ? null : lock.over.kind === 'gone' ? 'its process is gone' : lock.over.why,
    left: alive || holder === null ? null : leftBy(states, holder.tx, unread),
  }
}

function nextOf(
  hosts: readonly StatusHost[],
  lock: StatusReport['lock'],
  trusting: readonly string[],
): readonly string[] {
  const sweep = lock === null || lock.alive ? [] : [repair]
  const flagged = hosts.filter(({ flag }) => flag !== null)
  const isNew = ({ verdict }: StatusHost) => verdict === 'new'
  const steps = new Set([...flagged.filter(host => !isNew(host)).flatMap(({ next }) => next ?? []), ...sweep])
  for (const step of trusting) steps.add(step)
  if (sweep.length > 0) steps.delete(deploy)
  // What a repair would have to do is known when that host has made up its mind.
  if (steps.has(wait)) return [...steps].filter(step => step !== repair)
  const added = flagged.filter(isNew).map(({ name }) => name)
  // The repair that others need brings the new ones along.
  const comes = steps.has(repair) || trusting.length > 0
  return added.length === 0 || comes ? [...steps] : [...steps, joinHosts(added)]
}
