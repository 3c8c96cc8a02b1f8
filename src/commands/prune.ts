import type { ExitCode } from '../exit-code.js'
import { onEach } from '../fleet/each-host.js'
import { underLocks } from '../fleet/held-locks.js'
import { retired } from '../release/retention.js'
import { jsonReport } from '../render/reports/report-json.js'
import { prune as pruneScript } from '../scripts/transaction/prune.js'
import { overOf } from '../state/lock-state.js'
import { confirmedReleases } from '../state/releases.js'
import { inContext } from './context/context.js'
import { type AdoptFlags, quietly } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { demandFree, survey } from './context/read-fleet.js'
import { holderText, newTransaction } from './context/transact.js'
import { recordOwner } from './repair/record-owner.js'

interface PruneFlags extends AdoptFlags {
  readonly keep?: number
  readonly dryRun?: boolean
}

/** `clonedeploy prune`: removes old releases, never one that is served, was served before, or is in use. */
export async function prune(io: Io, flags: PruneFlags): Promise<ExitCode> {
  return inContext(io, quietly(flags), async context => {
    const fleet = demandOurs(context, flags, await survey(context))
    demandFree(context, fleet)
    if (flags.dryRun !== true) await recordOwner(context, flags, fleet)
    const confirmed = confirmedReleases(fleet.map(({ state }) => state))
    const keep = flags.keep ?? context.config.keepReleases
    const now = io.now()
    const tx = newTransaction(now)
    const holder = holderText(context, { tx, command: 'prune', now })
    const results = await onEach(fleet, context.concurrency, async ({ session, state }) => {
      const old = retired(state, null, keep, confirmed)
      if (old.length === 0 || flags.dryRun) return { name: state.name, removed: old, inUse: [], failed: false }
      const host = { session, root: state.root, over: overOf(state.lock) }
      const result = await underLocks([host], { tx, holder, concurrency: 1 }, async unlocked =>
        unlocked.length > 0 ? null : session.run(pruneScript({ root: state.root, tx }, old), { timeout: 600_000 }),
      )
      if (result === null) return { name: state.name, removed: [], inUse: [], failed: true }
      const said = (word: string) =>
        old.filter(id => result.stdout.toString('latin1').split('\n').includes(`${word} ${id}`))
      return { name: state.name, removed: said('removed'), inUse: said('in use'), failed: result.code !== 0 }
    })
    const verb = flags.dryRun ? 'would remove' : 'removed'
    const lines = results.map(({ name, removed, inUse, failed }) => {
      const ids = removed.length > 0 ? `: ${removed.join(' ')}` : ''
      const said = [
        name,
        ...(failed ? ['✖ could not be pruned'] : []),
        ...(!failed || removed.length > 0 ? [`${verb} ${removed.length}${ids}`] : []),
        ...(inUse.length > 0 ? [`in use, kept: ${inUse.join(' ')}`] : []),
      ]
      return `${said.join('   ')}\n`
    })
    const exitCode = results.some(({ failed }) => failed) ? 3 : 0
    const result = exitCode === 3 ? 'incomplete' : flags.dryRun ? 'planned' : 'done'
    const ended = { command: 'prune', result, exitCode, stage: context.config.stage }
    io.output.stdout(flags.json ? jsonReport(ended, { dryRun: flags.dryRun ?? false, hosts: results }) : lines.join(''))
    return exitCode
  })
}
