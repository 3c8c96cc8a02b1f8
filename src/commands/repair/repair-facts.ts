import { recall } from '../../artifact/cache/store.js'
import { nobody, readOnAll } from '../../fleet/read/verify-held-release.js'
import { beyondRepair, decideRepair, type RepairDecision } from '../../state/decide-repair.js'
import { isBeforeUs } from '../../state/evidence/host-claims.js'
import { aloneText } from '../../state/evidence/lone-host.js'
import { type Vouched, vouched } from '../../state/evidence/vouched-record.js'
import type { Excluded, FleetRecord, FleetState, HostState, ReleaseState } from '../../state/host-state.js'
import { asideOf } from '../../state/preflight.js'
import { currentRelease, mostCommon } from '../../state/releases.js'
import type { Context } from '../context/context.js'
import type { AdoptFlags } from '../context/flags.js'
import { demandAway } from '../context/hosts/excluded.js'
import { demandOurs } from '../context/owner.js'
import { demandUnlocked, type Fleet, leave, orInterrupt } from '../context/read-fleet.js'
import { knownHere } from '../context/run-records.js'
import { readFleet } from '../status.js'
import { demandWord, noteTrust } from './trust-host.js'

/** What a repair found, and what it makes of it. */
export interface RepairFacts {
  readonly command: 'repair' | 'join'
  readonly fleet: Fleet
  readonly decision: RepairDecision
  /** What stays wrong whatever a repair does: hosts, and why. */
  readonly beyond: ReadonlyMap<string, string>
  /** Hosts that could not be read at all. */
  readonly away: readonly string[]
  readonly damaged: ReadonlySet<string>
  /** What the hosts say that the fleet is to serve; those that alone say something else are not in `fleet`. */
  readonly heard: Vouched
  /** All that answered, with a state that can be read. */
  readonly states: readonly HostState[]
  /** Hosts that the user has given up: none of them answers. */
  readonly given: readonly Excluded[]
  /** Hosts that are new: what they say of the fleet is no word of this one's. */
  readonly joining: ReadonlySet<string>
  readonly trusted: string | null
  /** Whether a release of which a damaged copy is served may be made once more. */
  readonly mayRemake: boolean
  /** Why the files of the fleet's release cannot be got, as far as that was tried; null: nothing was in the way. */
  readonly unsourced: string | null
}

/** What a command asks of it. */
export type Asked = Pick<RepairFacts, 'command' | 'given' | 'joining' | 'trusted' | 'mayRemake' | 'unsourced'>

export const repairing: Asked = {
  command: 'repair',
  given: [],
  joining: new Set(),
  trusted: null,
  mayRemake: true,
  unsourced: null,
}

/** Reads the hosts that answer, with every file of the fleet's release, and decides. Throws LockedError, and where it does not know the host that is trusted. */
export async function readFacts(context: Context, flags: AdoptFlags, asked: Asked): Promise<RepairFacts> {
  const { emit } = context
  const began = performance.now()
  emit({ type: 'phase.start', phase: 'check' })
  const { fleet, read } = await readFleet(context)
  try {
    const facts = await factsOf(context, fleet, demandOurs(context, flags, read), asked)
    const note = `${facts.fleet.length}/${fleet.hosts.length} hosts`
    emit({ type: 'phase.end', phase: 'check', ok: facts.beyond.size === 0, ms: performance.now() - began, note })
    return facts
  } catch (error) {
    leave(read)
    throw error
  }
}

async function factsOf(context: Context, { hosts }: FleetState, read: Fleet, asked: Asked): Promise<RepairFacts> {
  const { given, joining, trusted } = asked
  demandAway(given, read)
  demandUnlocked(context, read)
  const intact = read.filter(({ state }) => state.damaged.length === 0)
  const states = intact.map(({ state }) => state)
  demandWord(trusted, states, joining)
  const heard = evidenceFor(vouched(states, knownHere(context, trusted), joining), asked)
  if (trusted !== null) noteTrust(context, trusted, vouched(states, knownHere(context), joining))
  const { record } = heard
  const alone = new Map(heard.alone.map(word => [word.host, aloneText(word)]))
  const borne = intact.filter(({ state }) => !alone.has(state.name))
  const { config, concurrency } = context
  const { damaged, lost } =
    record === null
      ? nobody
      : await orInterrupt(context, readOnAll(config, borne, record.release, { concurrency, read: 'all' }))
  const fleet = borne.filter(({ state }) => !lost.has(state.name))
  const left = fleet.map(({ state }) => state)
  const isGiven = (name: string) => given.some(({ host }) => host === name)
  const away = hosts.filter(({ name, state }) => state === null && !isGiven(name))
  const unread = hosts.filter(({ name, state }) => state !== null && (lost.has(name) || state.damaged.length > 0))
  const missing = [...away, ...unread]
  const isHeld =
    record?.digest != null &&
    (modelOf({ fleet, damaged }, record) !== null || recall(context.cacheDir, record.digest) !== null)
  const remakes = asked.mayRemake && asked.unsourced === null && isHeld && missing.length + alone.size === 0
  const isIntact = record?.digest != null && modelOf({ fleet, damaged }, record) !== null
  // A join is refused where the release cannot be got.
  const brings = asked.command === 'join' || (isIntact && asked.unsourced === null)
  const found = { unreachable: missing.map(({ name }) => name), damaged, remakes, brings, record }
  const decision = decideRepair(left, found)
  return {
    ...asked,
    ...withoutLacking(fleet, decision, brings),
    beyond: new Map([
      ...alone,
      ...missing.map(one => [one.name, damageOf(one.state) ?? one.error ?? 'the connection was lost'] as const),
      ...beyondRepair(left, found).map(name => [name, whyBeyond(left, name, record, asked)] as const),
    ]),
    away: away.map(({ name }) => name),
    damaged,
    heard,
    states,
  }
}

/** What a repair goes by. What another tool has left on hosts is nothing that they were to have in common: they keep it. */
function evidenceFor({ record, alone }: Vouched, { command, trusted }: Asked): Vouched {
  if (command !== 'repair' || trusted !== null) return { record, alone }
  return {
    record: record === null || isBeforeUs(record) ? null : record,
    alone: alone.filter(word => !isBeforeUs(word.record)),
  }
}

/** Hosts that lack a release which cannot be got take no part where others are brought to it. */
function withoutLacking(fleet: Fleet, decision: RepairDecision, brings: boolean) {
  if (decision.kind !== 'bring' || brings) return { fleet, decision }
  const takesPart = (name: string) => decision.needs.get(name) !== 'deploy'
  const needs = new Map([...decision.needs].filter(([name]) => takesPart(name)))
  return { fleet: fleet.filter(({ state }) => takesPart(state.name)), decision: { ...decision, needs } }
}

function whyBeyond(
  states: readonly HostState[],
  name: string,
  record: FleetRecord | null,
  { unsourced }: Asked,
): string {
  const serves = states.some(state => state.name === name && currentRelease(state) === record?.release)
  if (serves)
    return `it serves a copy of ${record?.release} that was changed on the host${unsourced === null ? '' : `; ${unsourced}`}`
  return unsourced ?? `no host holds ${record?.release} as it was made, so it cannot be brought there`
}

/** A record that does not fit is for a person; nothing is done on its host meanwhile. */
function damageOf(state: HostState | null): string | null {
  const [first] = state?.damaged ?? []
  return state === null || first === undefined ? null : `${first.file} ${first.why}; fix: ${asideOf(state, first.file)}`
}

/** The release as a host holds it that was found intact, and that host: one that says of it what most say. */
export function modelOf(
  { fleet, damaged }: Pick<RepairFacts, 'fleet' | 'damaged'>,
  { release, digest }: Pick<FleetRecord, 'release' | 'digest'>,
): { readonly from: Fleet[number]; readonly entry: ReleaseState } | null {
  const models = fleet.flatMap(from => {
    const entry = from.state.releases.find(({ id }) => id === release)
    return entry === undefined || entry.digest !== digest || damaged.has(from.state.name)
      ? []
      : [{ from, entry, said: JSON.stringify([entry.revision, entry.tree, entry.extra]) }]
  })
  const usual = mostCommon(models.map(({ said }) => said))
  return models.find(({ said }) => said === usual) ?? null
}
