import type { Artifact } from '../../artifact/artifact.js'
import type { Config } from '../../config/config.js'
import { readRun } from '../../fleet/read/run-record.js'
import { type ReleaseRun, runChanges, runRecord } from '../../plan/run/release-run.js'
import { currentEntry } from '../../state/current.js'
import { servesAlready } from '../../state/preflight.js'
import type { Context } from '../context/context.js'
import type { DeployFlags } from '../context/flags.js'
import type { Fleet } from '../context/survey.js'
import { withSkeleton } from './making.js'

/** Whether a deploy has nothing to do: the files are those that are served, and they would be run as they are. */
export function isUnchanged(context: Context, flags: DeployFlags, fleet: Fleet, artifact: Artifact): boolean {
  const states = fleet.map(({ state }) => state)
  if (flags.force || !servesAlready(states, artifact.digest)) return false
  const changes = changesOfRun(withSkeleton(context.config, artifact), fleet)
  if (changes.length === 0) return true
  const text = `the files are the same, but not how they are run: ${changes.join(', ')}`
  context.emit({ type: 'note', level: 'info', host: null, text })
  return false
}

/** Where nothing was recorded, a release is run as it is configured now; a record that makes no sense is worth a deploy. */
function changesOfRun(config: Config, fleet: Fleet): readonly string[] {
  const all = fleet.flatMap(({ session: { host }, state }) => {
    const [then, now] = [currentEntry(state)?.run ?? null, readRun(runRecord(config, host))]
    if (then === null || now === 'damaged') return []
    return then === 'damaged' ? ['a damaged record'] : runChanges(then as ReleaseRun, now)
  })
  return [...new Set(all)]
}
