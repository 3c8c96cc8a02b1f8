import { UsageError } from '../../errors.js'
import type { Excluded } from '../../state/host-state.js'
import type { Context } from './context.js'
import type { CommonFlags, TransactionFlags } from './flags.js'

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
