import type { ExitCode } from '../exit-code.js'
import { onEach } from '../fleet/each-host.js'
import { underLocks } from '../fleet/held-locks.js'
import { retired } from '../release/retention.js'
import { jsonReport } from '../render/reports/report-json.js'
import { prune as pruneScript } from '../scripts/transaction/prune.js'
import { overOf } from '../state/lock-state.js'
import { confirmedReleases } from '../state/releases.js'
import { escapeLine } from '../text/escape.js'
import { type Context, inContext } from './context/context.js'
import { type AdoptFlags, quietly } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { demandFree, type Fleet, survey } from './context/read-fleet.js'
import { holderText, newTransaction } from './context/transact.js'
import { recordOwner } from './repair/record-owner.js'
import { type PrunedStore, pruneStored } from './store/prune-store.js'

interface PruneFlags extends AdoptFlags {
  readonly keep?: number
  readonly dryRun?: boolean
}

/** What was removed on a host, or would be. */
interface PrunedHost {
  readonly name: string
  readonly removed: readonly string[]
  readonly inUse: readonly string[]
  readonly failed: boolean
}

/** `clonedeploy prune`: removes old releases, never one that is served, was served before, or is in use; and their files in the store. */
export async function prune(io: Io, flags: PruneFlags): Promise<ExitCode> {
  return inContext(io, quietly(flags), async context => {
    const fleet = demandOurs(context, flags, await survey(context))
    demandFree(context, fleet)
    const dryRun = flags.dryRun ?? false
    if (!dryRun) await recordOwner(context, flags, fleet)
    const keep = flags.keep ?? context.config.keepReleases
    const hosts = await pruneHosts(context, fleet, keep, dryRun)
    const store = await pruneStored(context, keep, dryRun)
    const isIncomplete = hosts.some(({ failed }) => failed) || (store?.error ?? null) !== null
    const exitCode = isIncomplete ? 3 : 0
    const result = isIncomplete ? 'incomplete' : dryRun ? 'planned' : 'done'
    const ended = { command: 'prune', result, exitCode, stage: context.config.stage }
    const lines = [...hosts.map(one => hostLine(one, dryRun)), ...(store === null ? [] : storeLines(store, dryRun))]
    io.output.stdout(
      flags.json
        ? jsonReport(ended, { dryRun, hosts, ...(store === null ? {} : { store }) })
        : lines.map(line => `${line}\n`).join(''),
    )
    return exitCode
  })
}

async function pruneHosts(
  context: Context,
  fleet: Fleet,
  keep: number,
  dryRun: boolean,
): Promise<readonly PrunedHost[]> {
  const confirmed = confirmedReleases(fleet.map(({ state }) => state))
  const now = context.io.now()
  const tx = newTransaction(now)
  const holder = holderText(context, { tx, command: 'prune', now })
  return onEach(fleet, context.concurrency, async ({ session, state }) => {
    const { name } = state
    const old = retired(state, null, keep, confirmed)
    if (old.length === 0 || dryRun) return { name, removed: old, inUse: [], failed: false }
    const host = { session, root: state.root, over: overOf(state.lock) }
    const result = await underLocks([host], { tx, holder, concurrency: 1 }, async unlocked =>
      unlocked.length > 0 ? null : session.run(pruneScript({ root: state.root, tx }, old), { timeout: 600_000 }),
    )
    if (result === null) return { name, removed: [], inUse: [], failed: true }
    const said = (word: string) =>
      old.filter(id => result.stdout.toString('latin1').split('\n').includes(`${word} ${id}`))
    return { name, removed: said('removed'), inUse: said('in use'), failed: result.code !== 0 }
  })
}

function hostLine({ name, removed, inUse, failed }: PrunedHost, dryRun: boolean): string {
  const said = [
    name,
    ...(failed ? ['✖ could not be pruned'] : []),
    ...(!failed || removed.length > 0 ? [removedText(removed, dryRun)] : []),
    ...(inUse.length > 0 ? [`in use, kept: ${inUse.join(' ')}`] : []),
  ]
  return said.join('   ')
}

function storeLines({ name, removed, error }: PrunedStore, dryRun: boolean): readonly string[] {
  const text = removedText(
    removed.map(({ release }) => release),
    dryRun,
  )
  if (error === null) return [`${name}   ${text}`]
  return [`${name}   ✖ could not be pruned${removed.length > 0 ? `   ${text}` : ''}`, `  ${escapeLine(error)}`]
}

function removedText(ids: readonly string[], dryRun: boolean): string {
  const verb = dryRun ? 'would remove' : 'removed'
  return `${verb} ${ids.length}${ids.length > 0 ? `: ${ids.join(' ')}` : ''}`
}
