import { readOnAll } from '../../fleet/read/verify-held-release.js'
import { rollbackTargets } from '../../plan/rollback.js'
import { driftText } from '../../render/reports/drift.js'
import { isIntact } from '../../state/release-drift.js'
import { currentRelease } from '../../state/releases.js'
import type { EarlierRelease, StatusReport } from '../../state/status-report.js'
import { listed } from '../../text/phrases.js'
import type { Context } from '../context/context.js'
import { type Fleet, orInterrupt } from '../context/read-fleet.js'

/** The releases that a rollback could go to, newest first, every file of them read on every host that was read. */
export async function readEarlier(context: Context, fleet: Fleet): Promise<readonly EarlierRelease[]> {
  const { config, concurrency } = context
  const states = fleet.map(({ state }) => state)
  const served = new Set(states.map(currentRelease))
  const releases = rollbackTargets(states, config.identical).filter(id => !served.has(id))
  const earlier: EarlierRelease[] = []
  for (const release of releases) {
    const { held } = await orInterrupt(context, readOnAll(config, fleet, release, { concurrency, read: 'all' }))
    const hosts = states.map(({ name }) => ({ name, drift: held.get(name)?.drift ?? null }))
    earlier.push({ release, hosts })
  }
  return earlier
}

/** What is served may be right, and yet an undo not: that is a problem, too. */
export function withEarlier(report: StatusReport, earlier: readonly EarlierRelease[]): StatusReport {
  const wrong = earlier.flatMap(one => problemOf(one) ?? [])
  if (wrong.length === 0) return { ...report, earlier }
  const look = wrong.map(({ release }) => `look: clonedeploy rollback --to ${release} --dry-run`)
  return {
    ...report,
    earlier,
    exitCode: 6,
    problems: [...report.problems, ...wrong.map(({ text }) => text)],
    next: [...report.next, ...look],
  }
}

function problemOf({ release, hosts }: EarlierRelease): { readonly release: string; readonly text: string } | null {
  const unread = hosts.flatMap(({ name, drift }) => (drift === null ? [name] : []))
  const changed = hosts.flatMap(({ name, drift }) =>
    drift === null || isIntact(drift) ? [] : [`${name}: ${driftText(drift)}`],
  )
  if (unread.length + changed.length === 0) return null
  const parts = [...changed, ...(unread.length === 0 ? [] : [`${listed(unread)}: could not be read`])]
  return { release, text: `${release}, to which a rollback could go, is not as it was sealed: ${parts.join('; ')}.` }
}
