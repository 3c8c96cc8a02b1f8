import { UsageError } from '../../../errors.js'
import { selectHosts } from '../../../inventory/select.js'
import type { Excluded, HostState } from '../../../state/host-state.js'
import type { Context } from '../context.js'
import type { CommonFlags, RepairFlags, TransactionFlags } from '../flags.js'

/** Flags for a context without the excluded hosts. Leaving a host out needs a reason: it is recorded on the fleet. */
export function withoutExcluded<T extends TransactionFlags>(flags: T): T & CommonFlags {
  if (flags.exclude === undefined) return flags
  if (!flags.reason?.trim()) {
    throw new UsageError(
      '--exclude needs --reason: it is recorded on the fleet and shown by status until the host rejoins.',
    )
  }
  return { ...flags, except: flags.exclude }
}

/** The record of the hosts that this run leaves out. */
export function excludedNow({ config, hosts, who }: Context, flags: TransactionFlags, now: Date): readonly Excluded[] {
  if (flags.exclude === undefined) return []
  const taken = new Set(hosts.map(({ name }) => name))
  const left = config.hosts.filter(({ name }) => !taken.has(name))
  return left.map(({ name }) => ({ host: name, reason: flags.reason ?? '', by: who, at: now.toISOString() }))
}

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
    `${here.join(', ')} ${here.length === 1 ? 'answers' : 'answer'}: only a host that cannot be reached is given up.`,
    { changed: 'nothing', next: ['fix: clonedeploy repair'] },
  )
}

/** Whether every host that was read knows of all that are given up. */
export function isRecorded(given: readonly Excluded[], states: readonly HostState[]): boolean {
  return states.every(({ fleet }) =>
    given.every(({ host }) => fleet?.excluded?.some(one => one.host === host) ?? false),
  )
}
