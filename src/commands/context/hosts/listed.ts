import { UsageError } from '../../../errors.js'
import { isMostLost, unlisted, unlistedTexts } from '../../../state/evidence/unlisted.js'
import { vouched } from '../../../state/evidence/vouched-record.js'
import type { FleetRecord, HostState } from '../../../state/host-state.js'
import { counted, listed } from '../../../text/phrases.js'
import { saysYes } from '../ask.js'
import type { Context } from '../context.js'
import type { TransactionFlags } from '../flags.js'
import { Interrupted } from '../io.js'
import { knownHere } from '../run-records.js'

type Ground = Pick<Context, 'config' | 'cacheDir'>

/** What is to be said of hosts that the fleet had and the inventory has no more. */
export function goneTexts(context: Ground, states: readonly HostState[]): readonly string[] {
  return unlistedTexts(unlisted(recordOf(context, states), namesIn(context)))
}

/** The fleet's record, as far as it is borne out. */
export function recordOf(context: Ground, states: readonly HostState[]): FleetRecord | null {
  return vouched(states, knownHere(context)).record
}

/**
 * Tells of hosts that are no longer listed. Where a command has lost most of the fleet, a person has to say that this is
 * right, or --lost-hosts with --yes beforehand; a dry run only tells. Throws UsageError.
 */
export async function demandListed(
  context: Context,
  flags: TransactionFlags,
  record: FleetRecord | null,
): Promise<readonly string[]> {
  const gone = unlisted(record, namesIn(context))
  const texts = unlistedTexts(gone)
  for (const text of texts) context.emit({ type: 'note', level: 'warning', host: null, text })
  const asks = context.config.hostsCommand !== null && !flags.dryRun
  if (asks && isMostLost(record, gone)) await askAbout(context, flags, gone)
  return texts
}

async function askAbout(context: Context, flags: TransactionFlags, gone: readonly string[]): Promise<void> {
  const { lostHosts = 0, yes } = flags
  if (yes && lostHosts >= gone.length) return
  const { hosts, hostsCommand } = context.config
  const what = `\`${hostsCommand?.command}\` lists ${counted(hosts.length, 'host')}, and ${gone.length} that the fleet had no more`
  if (context.io.canAsk) {
    if (await context.asking(() => saysYes(`${what}: ${listed(gone, 10)}. Go on without them?`))) return
    throw new Interrupted('you said no')
  }
  throw new UsageError(`${what}: that is most of the fleet, so it needs a decision.`, {
    changed: 'nothing',
    details: [`no longer listed  ${listed(gone, 20)}`],
    next: [
      `if they are gone: ${context.io.again(`${yes ? '' : '--yes '}--lost-hosts ${gone.length}`)}`,
      'look: clonedeploy config',
    ],
  })
}

function namesIn({ config }: Ground): readonly string[] {
  return config.hosts.map(({ name }) => name)
}
