import type { Artifact } from '../../artifact/artifact.js'
import { type History, historyBetween, unknownHistory } from '../../artifact/git/history.js'
import { PreflightError } from '../../errors.js'
import type { HostState } from '../../state/host-state.js'
import { currentEntry, currentRelease, mostCommon } from '../../state/releases.js'
import type { Context } from '../context/context.js'

/** The commits between what most hosts serve and the artifact. */
export async function historyOf(
  { config, openRepository }: Context,
  states: readonly HostState[],
  { revision, origin }: Artifact,
): Promise<History> {
  const running = mostCommon(states.map(state => currentEntry(state)?.revision ?? null))
  if (config.source.kind !== 'git' || revision === null || running === null) return unknownHistory
  try {
    return await historyBetween(config.source.repository, openRepository, running, revision.commit)
  } catch (error) {
    // Nothing is built of what is promoted, so its repository need not be here.
    if (origin === undefined || !(error instanceof PreflightError)) throw error
    return unknownHistory
  }
}

/** Asked at each attempt of a run that waits for the lock: what the fleet came to serve since the first one. */
export function changesWhileWaiting(): (states: readonly HostState[]) => readonly string[] {
  let first: string | null | undefined
  return states => {
    const now = mostCommon(states.map(currentRelease))
    if (first === undefined) first = now
    if (first === now) return []
    return [`while this run waited for the lock, the fleet went from ${first ?? 'nothing'} to ${now ?? 'nothing'}`]
  }
}
