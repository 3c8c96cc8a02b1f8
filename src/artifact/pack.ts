import { fileTime } from '../release/id.js'
import type { Skeleton } from '../release/linked.js'
import type { Zip } from '../scripts/prepare/arrival.js'
import type { Artifact, Payload, Revision } from './artifact.js'
import { freeze } from './cache/freeze.js'
import type { Frozen } from './cache/store.js'
import { boundWarnings, keyWarnings, markedIn } from './file-marks.js'
import { PointersError } from './git/lfs.js'
import { digestOf, type Manifest } from './manifest/manifest.js'
import { payloadFrom } from './payload/payload.js'
import { findAll, type PackOptions } from './select/find.js'

/**
 * The artifact of a folder as it is now. Nothing is left out in silence: what cannot be deployed is a PreflightError
 * (links out of the folder, sockets, an `include` that brings nothing), the rest of what is missing is a warning.
 */
export async function packFolder(options: PackOptions): Promise<Artifact> {
  const { found, skeleton, warnings } = await findAll(options)
  const { frozen, marks } = await freeze(options.dir, found, options.cacheDir, options.stays ?? false, options.signal)
  const marked = markedIn(frozen.manifest, marks)
  if (marked.pointer.length > 0 && !options.unfiltered) throw new PointersError(marked.pointer)
  return artifactOf(
    frozen,
    options.revision ?? null,
    [...warnings, ...keyWarnings(marked.key), ...boundWarnings(marked.bound)],
    skeleton,
  )
}

/** An artifact of frozen bytes. Payloads are made once per base and release, and shared by all who ask. */
export function artifactOf(
  frozen: Frozen,
  revision: Revision | null,
  warnings: readonly string[],
  skeleton: Skeleton = {},
): Artifact {
  const made = new Map<string, Promise<Payload>>()
  const payload = (base: Manifest | null, release: string, zip: Zip = 'gzip', writable: readonly string[] = []) => {
    const key = `${zip} ${release} ${base === null ? '' : digestOf(base)}`
    const known = made.get(key) ?? payloadFrom(base, frozen, { time: fileTime(release), zipOfMany: zip, writable })
    made.set(key, known)
    known.catch(() => made.delete(key))
    return known
  }
  return { manifest: frozen.manifest, digest: frozen.digest, revision, skeleton, warnings, payload }
}
