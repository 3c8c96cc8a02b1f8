import { UsageError } from '../../errors.js'
import { selectHosts } from '../../inventory/select.js'
import type { Excluded, HostState } from '../../state/host-state.js'
import type { Context } from './context.js'
import type { RepairFlags } from './flags.js'

/** Both flags, or none: who gives a host up says that no user reaches it any more. */
export function demandBoth({ giveUp, fenced }: RepairFlags): void {
  if (giveUp === undefined && fenced !== true) return
  if (giveUp === undefined) throw new UsageError('--fenced goes with --give-up HOST.')
  if (fenced !== true)
    throw new UsageError(
      `--give-up needs --fenced: with it you say that ${giveUp.join(', ')} is out of service, so that no user meets what it serves.`,
    )
}

/** The record of the hosts that are given up. */
export function givenUp({ config, who, io }: Context, { giveUp, message }: RepairFlags): readonly Excluded[] {
  if (giveUp === undefined) return []
  const reason = message?.trim() || 'given up in a repair, out of service'
  return selectHosts(config.hosts, { only: giveUp }).map(({ name }) => ({
    host: name,
    reason,
    by: who,
    at: io.now().toISOString(),
  }))
}

/** Only a host that cannot be read is given up: throws UsageError for one that answers. */
export function demandAway(given: readonly Excluded[], read: readonly { readonly state: HostState }[]): void {
  const here = given.map(({ host }) => host).filter(host => read.some(({ state }) => state.name === host))
  if (here.length === 0) return
  throw new UsageError(
    `${here.join(', ')} ${here.length === 1 ? 'answers' : 'answer'}: only a host that cannot be reached is given up. Nothing was changed.`,
    { next: ['fix: clonedeploy repair'] },
  )
}

/** Whether every host that was read knows of all that are given up. */
export function isRecorded(given: readonly Excluded[], states: readonly HostState[]): boolean {
  return states.every(({ fleet }) =>
    given.every(({ host }) => fleet?.excluded?.some(one => one.host === host) ?? false),
  )
}
