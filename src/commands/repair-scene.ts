import { nobody, readOnAll } from '../fleet/held.js'
import type { Excluded, FleetState, HostState, ReleaseState } from '../inventory/state.js'
import { targetOf } from '../plan/assess.js'
import { asideOf } from '../plan/preflight.js'
import { beyondRepair, decideRepair, digestOf, type RepairDecision } from '../plan/repair.js'
import type { Context } from './context.js'
import type { AdoptFlags } from './flags.js'
import { demandAway } from './give-up.js'
import { demandOurs } from './owner.js'
import { readFleet } from './status.js'
import { demandUnlocked, type Fleet, leave, orInterrupt } from './survey.js'

/** What a repair found, and what it makes of it. */
export interface Scene {
  readonly command: 'repair' | 'join'
  readonly fleet: Fleet
  readonly decision: RepairDecision
  /** What stays wrong whatever a repair does: hosts, and why. */
  readonly beyond: ReadonlyMap<string, string>
  readonly damaged: ReadonlySet<string>
  /** Hosts that the user has given up: none of them answers. */
  readonly given: readonly Excluded[]
}

/** Reads the hosts that answer, with every file of the fleet's release, and decides. Throws LockedError. */
export async function readScene(
  context: Context,
  flags: AdoptFlags,
  { given = [], command = 'repair' }: Partial<Pick<Scene, 'given' | 'command'>> = {},
): Promise<Scene> {
  const { emit } = context
  const began = performance.now()
  emit({ type: 'phase.start', phase: 'check' })
  const { fleet, read } = await readFleet(context)
  try {
    const scene = await sceneOf(context, fleet, demandOurs(context, flags, read), { given, command })
    const note = `${scene.fleet.length}/${fleet.hosts.length} hosts`
    emit({ type: 'phase.end', phase: 'check', ok: scene.beyond.size === 0, ms: performance.now() - began, note })
    return scene
  } catch (error) {
    leave(read)
    throw error
  }
}

async function sceneOf(
  context: Context,
  { hosts }: FleetState,
  read: Fleet,
  { given, command }: Pick<Scene, 'given' | 'command'>,
): Promise<Scene> {
  demandAway(given, read)
  demandUnlocked(context, read)
  const release = targetOf(read.map(({ state }) => state))
  const { config, concurrency } = context
  const { damaged, lost } =
    release === null
      ? nobody
      : await orInterrupt(context, readOnAll(config, read, release, { concurrency, read: 'all' }))
  const fleet = read.filter(({ state }) => !lost.has(state.name) && state.damaged.length === 0)
  const states = fleet.map(({ state }) => state)
  const isGiven = (name: string) => given.some(({ host }) => host === name)
  const isAway = ({ name, state }: FleetState['hosts'][number]) =>
    state === null ? !isGiven(name) : lost.has(name) || state.damaged.length > 0
  const away = hosts.filter(isAway)
  const changed = `it serves a copy of ${release} that was changed on the host`
  return {
    command,
    fleet,
    decision: decideRepair(states, { unreachable: away.map(({ name }) => name), damaged }),
    beyond: new Map([
      ...away.map(one => [one.name, damageOf(one.state) ?? one.error ?? 'the connection was lost'] as const),
      ...beyondRepair(states, damaged).map(name => [name, changed] as const),
    ]),
    damaged,
    given,
  }
}

/** A record that does not fit is for a person; nothing is done on its host meanwhile. */
function damageOf(state: HostState | null): string | null {
  const [first] = state?.damaged ?? []
  return state === null || first === undefined ? null : `${first.file} ${first.why}; fix: ${asideOf(state, first.file)}`
}

/** The release as a host holds it that was found intact, and that host. */
export function modelOf(
  { fleet, damaged }: Scene,
  release: string,
): { readonly from: Fleet[number]; readonly entry: ReleaseState } | null {
  const digest = digestOf(
    fleet.map(({ state }) => state),
    release,
  )
  const entryOf = (state: HostState) => state.releases.find(({ id }) => id === release)
  const from = fleet.find(({ state }) => !damaged.has(state.name) && entryOf(state)?.digest === digest)
  const entry = from && entryOf(from.state)
  return from && entry ? { from, entry } : null
}
