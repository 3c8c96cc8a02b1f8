import { fileTime } from '../release/id.js'
import type { Skeleton } from '../release/linked.js'
import type { Zip } from '../scripts/arrival.js'
import type { Artifact, Payload, Revision } from './artifact.js'
import { findAll } from './find.js'
import { freeze } from './freeze.js'
import type { PathTest } from './gitignore.js'
import { keyWarnings } from './key-warnings.js'
import { PointersError } from './lfs.js'
import { digestOf, type Manifest } from './manifest.js'
import { markedIn } from './mark.js'
import { payloadFrom } from './payload.js'
import type { Frozen } from './store.js'

export interface PackOptions {
  readonly dir: string
  /** Paths or patterns below `dir`; null: everything but what its .deployignore names. */
  readonly include: readonly string[] | null
  readonly shared: { readonly dirs: readonly string[]; readonly files: readonly string[] }
  readonly cacheDir: string
  /** Where the project lies, whose own repository may be asked which env files it tracks; else none is taken for tracked. */
  readonly project?: string
  /** What git's attribute export-ignore leaves out of the release. */
  readonly exportIgnored?: PathTest
  /** The files are as git keeps them: no filter was run, so pointers of LFS are to be expected. */
  readonly unfiltered?: boolean
  readonly revision?: Revision | null
  readonly signal?: AbortSignal | undefined
  /** Whether the folder stays where it is: what is not written to until it is packed again need not be read then. */
  readonly stays?: boolean
}

/**
 * The artifact of a folder as it is now. Nothing is left out in silence: what cannot be deployed is a PreflightError
 * (links out of the folder, sockets, an `include` that brings nothing), the rest of what is missing is a warning.
 */
export async function packFolder(options: PackOptions): Promise<Artifact> {
  const { found, skeleton, warnings } = await findAll(options)
  const { frozen, marks } = await freeze(options.dir, found, options.cacheDir, options.stays ?? false, options.signal)
  const marked = markedIn(frozen.manifest, marks)
  if (marked.pointer.length > 0 && !options.unfiltered) throw new PointersError(marked.pointer)
  return artifactOf(frozen, options.revision ?? null, [...warnings, ...keyWarnings(marked.key)], skeleton)
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
