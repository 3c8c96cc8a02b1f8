import type { ExitCode } from '../errors.js'
import { onEach } from '../fleet/each.js'
import { retired } from '../release/retention.js'
import { prune as pruneScript } from '../scripts/transaction/finish.js'
import { lockLease, lock as lockScript, renew, unlock as unlockScript } from '../scripts/transaction/lock.js'
import { overOf } from '../state/at-work.js'
import { confirmedReleases } from '../state/releases.js'
import { inContext } from './context/context.js'
import { type AdoptFlags, quietly } from './context/flags.js'
import type { Io } from './context/io.js'
import { demandOurs } from './context/owner.js'
import { demandFree, survey } from './context/survey.js'
import { thisProcess } from './context/this-process.js'
import { newTransaction } from './context/transact.js'
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
    const holder = JSON.stringify({
      tx,
      who: context.who,
      from: context.from,
      command: 'prune',
      reason: '',
      since: now.toISOString(),
      process: thisProcess(),
    })
    const results = await onEach(fleet, context.concurrency, async ({ session, state }) => {
      const old = retired(state, null, keep, confirmed)
      const place = { root: state.root, tx }
      if (old.length === 0) return { name: state.name, removed: [], inUse: [], failed: false }
      if (flags.dryRun) return { name: state.name, removed: old, inUse: [], failed: false }
      const locked = await session.run(lockScript(place, holder, { unresolved: 'refuse', over: overOf(state.lock) }), {
        timeout: 20_000,
      })
      if (locked.code !== 0) return { name: state.name, removed: [], inUse: [], failed: true }
      const beat = setInterval(() => session.run(renew(place), { timeout: 10_000 }), (lockLease * 1000) / 4)
      const result = await session.run(pruneScript(place, old), { timeout: 600_000 })
      clearInterval(beat)
      await session.run(unlockScript(place), { timeout: 20_000 })
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
    io.output.stdout(
      flags.json
        ? `${JSON.stringify({ v: 1, command: 'prune', dryRun: flags.dryRun ?? false, hosts: results })}\n`
        : lines.join(''),
    )
    return results.some(({ failed }) => failed) ? 3 : 0
  })
}
