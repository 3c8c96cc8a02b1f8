import { PreflightError } from '../../errors.js'
import { lacksOwner, type Owned, ownedByOthers, ownerName, withOwnRecords } from '../../state/evidence/owner.js'
import type { HostState } from '../../state/host-state.js'
import type { Context } from './context.js'
import type { AdoptFlags } from './flags.js'

type Read = readonly { readonly state: HostState }[]

/** The hosts, where each is ours or --adopt makes it so. Throws PreflightError. */
export function demandOurs<T extends Read[number]>(
  { config, emit, io }: Context,
  { adopt }: AdoptFlags,
  fleet: readonly T[],
): readonly T[] {
  const owned = ownedByOthers(statesOf(fleet), config)
  if (owned.length > 0 && !adopt) throw notOurs(owned, ownerName(config), io.again('--adopt'))
  for (const { host, text } of owned) emit({ type: 'note', level: 'warning', host: null, text: `${host}: ${text}` })
  const own = withOwnRecords(statesOf(fleet), config)
  return fleet.map((one, i) => ({ ...one, state: own[i] as HostState }))
}

/** Whether --adopt changes the fleet's record, also where nothing else is to be done. */
export function adopts({ config }: Context, { adopt }: AdoptFlags, fleet: Read): boolean {
  return adopt === true && lacksOwner(statesOf(fleet), config)
}

function notOurs(owned: readonly Owned[], us: string, again: string): PreflightError {
  const texts = [...new Set(owned.map(({ text }) => text))]
  const names = owned.map(({ host }) => host).join(', ')
  const what = texts.length === 1 ? `: ${texts[0]}` : ` were deployed as another app or stage, and this is ${us}`
  return new PreflightError(`${names}${what}.`, {
    changed: 'nothing',
    details: texts.length === 1 ? [] : owned.map(({ host, text }) => `${host}  ${text}`),
    next: ['if both are in use: give each a deployTo of its own', `if only the name changed: ${again}`],
  })
}

function statesOf(fleet: Read): readonly HostState[] {
  return fleet.map(({ state }) => state)
}
