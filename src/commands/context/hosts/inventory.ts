import { listedHosts } from '../../../config/load/listed-hosts.js'
import type { Inventory } from '../../../fleet/go-on-without.js'
import type { FleetRecord } from '../../../state/host-state.js'
import type { Context } from '../context.js'
import type { TransactionFlags } from '../flags.js'
import { Interrupted } from '../io.js'

/** The command that lists the hosts of this stage, to be asked again in the middle of a run; null: no command does. */
export function inventoryOf(context: Context, flags: TransactionFlags, record: FleetRecord | null): Inventory | null {
  const { config, io, who } = context
  if (config.hostsCommand === null) return null
  return {
    command: config.hostsCommand.command,
    before: config.hosts,
    record,
    allowed: flags.yes === true ? (flags.lostHosts ?? 0) : 0,
    ask: () => askAgain(context),
    sign: () => ({ by: who, at: io.now().toISOString() }),
  }
}

function askAgain({ config, io, emit }: Context) {
  const over = new AbortController()
  io.stop.asked.then(reason => over.abort(new Interrupted(reason)))
  const source = { kind: 'command', ...(config.hostsCommand as NonNullable<typeof config.hostsCommand>) } as const
  const say = (line: string) => emit({ type: 'output', host: null, step: 'hosts', stream: 'stderr', line })
  return listedHosts(source, {
    root: config.root,
    deployTo: config.hosts[0]?.deployTo ?? '',
    signal: over.signal,
    say,
  })
}
