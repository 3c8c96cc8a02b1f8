import type { HostState, Owner } from '../host-state.js'

/** A host whose `deployTo` another app or stage deploys to: whose it is, in words that follow the host's name. */
export interface Owned {
  readonly host: string
  readonly text: string
}

/**
 * Whose `deployTo` it is, where that is not ours; null: ours, or nobody's that is recorded (another tool's, an earlier
 * version's). A host that a run of ours has locked, alive or dead, is ours already: that run was let through.
 */
export function otherOwner({ fleet, lock }: HostState, us: Owner): Owner | null {
  const locker = lock.held ? ownerIn(lock.holder) : null
  if (locker !== null && isSame(locker, us)) return null
  const owner = ownerIn(fleet) ?? locker
  return owner === null || isSame(owner, us) ? null : owner
}

/** The hosts that are not ours. */
export function ownedByOthers(states: readonly HostState[], us: Owner): readonly Owned[] {
  return states.flatMap(state => {
    const owner = otherOwner(state, us)
    if (owner === null) return []
    const was = ownerIn(state.fleet) === null ? 'is being deployed as' : 'was deployed as'
    return [{ host: state.name, text: `${state.root} ${was} ${ownerName(owner)}, and this is ${ownerName(us)}` }]
  })
}

/** The hosts, without records of other owners as soon as one host has a record of ours: these number what another app served. */
export function withOwnRecords(states: readonly HostState[], us: Owner): readonly HostState[] {
  if (!states.some(state => isOurs(state, us))) return states
  return states.map(state => {
    const owner = ownerIn(state.fleet)
    return owner === null || isSame(owner, us) ? state : { ...state, fleet: null }
  })
}

/** Whether the fleet has a record, and not every host has it as ours. */
export function lacksOwner(states: readonly HostState[], us: Owner): boolean {
  return states.some(({ fleet }) => fleet !== null) && !states.every(state => isOurs(state, us))
}

/** The ways out for whoever finds a `deployTo` that is not theirs. */
export function disown(command: string): string {
  return `give each a deployTo of its own; or, if only the name changed: clonedeploy ${command} --adopt`
}

/** What recording it is called. */
export function ownerStep(us: Owner): string {
  return `record that this is ${ownerName(us)}`
}

/** `shop/production`. */
export function ownerName({ app, stage }: Owner): string {
  return `${app}/${stage}`
}

function isOurs({ fleet }: HostState, us: Owner): boolean {
  const owner = ownerIn(fleet)
  return owner !== null && isSame(owner, us)
}

function ownerIn(record: Partial<Owner> | null): Owner | null {
  return record?.app === undefined || record.stage === undefined ? null : { app: record.app, stage: record.stage }
}

function isSame(one: Owner, other: Owner): boolean {
  return one.app === other.app && one.stage === other.stage
}
