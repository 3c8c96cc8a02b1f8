import type { Artifact } from '../../artifact/artifact.js'
import { recall } from '../../artifact/cache/store.js'
import { textOf } from '../../artifact/manifest/manifest.js'
import { artifactOf } from '../../artifact/pack.js'
import { refetch } from '../../fleet/push/refetch.js'
import type { RunStore } from '../../fleet/store/run-store.js'
import type { Plan } from '../../plan/plan.js'
import type { StoredArtifact } from '../../store/artifacts.js'
import type { Context } from '../context/context.js'
import type { Fleet } from '../context/read-fleet.js'

/** The store that a plan tells of itself; `artifact` is asked for where that lacks the files of its release. */
export async function runStore(
  context: Context,
  { stored, command }: Plan,
  artifact: RunStore['artifact'],
): Promise<RunStore | null> {
  const store = stored === null ? null : await context.store.open()
  const instead = insteadOf(context, command)
  const { hide, io } = context
  return store === null ? null : { store, artifact, now: io.now, hide, instead, fenced: [], pending: null, copy: null }
}

/** What is not to wait for a store that is away: an undo, and a new host. */
export function insteadOf({ io }: Context, command: Plan['command']): readonly string[] {
  return command === 'rollback' || command === 'join' ? [`without it: ${io.again('--no-store')}`] : []
}

/** Everything that a host needs which has nothing of it. */
export async function storedArtifact({ manifest, payload }: Artifact, release: string): Promise<StoredArtifact> {
  return { manifest: textOf(manifest), payload: await payload(null, release) }
}

/** The files of a release as they were kept here, or as the first host that gives them holds them; null: neither. */
export async function heldArtifact(
  { cacheDir }: Context,
  fleet: Fleet,
  { release, digest }: { readonly release: string; readonly digest: string | null },
): Promise<StoredArtifact | null> {
  if (digest === null) return null
  let kept = recall(cacheDir, digest)
  for (const { session, state } of fleet)
    kept ??= await refetch(session, { root: state.root, release, digest }, cacheDir)
  return kept === null ? null : storedArtifact(artifactOf(kept, null), release)
}
