import { listedHosts } from '../../../config/load/listed-hosts.js'
import type { Inventory } from '../../../fleet/go-on-without.js'
import type { FleetRecord } from '../../../state/host-state.js'
import type { Context } from '../context.js'
import type { TransactionFlags } from '../flags.js'
import { untilStopped } from '../io.js'

/** The command that lists the hosts of this stage, to be asked again in the middle of a run; null: no command does. */
export function inventoryOf(context: Context, flags: TransactionFlags, record: FleetRecord | null): Inventory | null {
  const { config, io, who } = context
  const { hostsCommand } = config
  if (hostsCommand === null) return null
  return {
    command: hostsCommand.command,
    before: config.hosts,
    record,
    allowed: flags.yes === true ? (flags.lostHosts ?? 0) : 0,
    ask: () => askAgain(context, { kind: 'command', ...hostsCommand }),
    sign: () => ({ by: who, at: io.now().toISOString() }),
  }
}

function askAgain({ config, io, emit }: Context, source: Parameters<typeof listedHosts>[0]) {
  const say = (line: string) => emit({ type: 'output', host: null, step: 'hosts', stream: 'stderr', line })
  return listedHosts(source, {
    root: config.root,
    deployTo: config.hosts[0]?.deployTo ?? '',
    signal: untilStopped(io),
    say,
  })
}
