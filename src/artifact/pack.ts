import { fileTime } from '../release/id.js'
import type { Zip } from '../scripts/prepare/check-arrival.js'
import type { Artifact, Payload, Revision } from './artifact.js'
import { freeze } from './cache/freeze-folder.js'
import type { Frozen } from './cache/store.js'
import { PointersError } from './git/lfs.js'
import { digestOf, type Manifest } from './manifest/manifest.js'
import { payloadFrom } from './payload/payload.js'
import { diskFolder } from './select/disk-folder.js'
import { findAll, refuseNoFolder, type Selection } from './select/find.js'
import { binariesIn, boundWarnings, keyWarnings, type Marks, markedIn } from './suspect-files.js'
import { largeWarnings } from './warnings.js'

export interface PackOptions extends Selection {
  readonly dir: string
  readonly cacheDir: string
  /** Where the project lies, whose own repository may be asked which env files it tracks; else none is taken for tracked. */
  readonly project?: string
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
  const { dir, cacheDir, signal } = options
  refuseNoFolder(dir, options.include)
  const folder = await diskFolder(dir, cacheDir, options.project, signal)
  const { found, skeleton, warnings } = await findAll(folder, options)
  const { frozen, marks } = await freeze(dir, found, cacheDir, options.stays ?? false, signal)
  const marked = markedIn(frozen.manifest, marks)
  if (marked.pointer.length > 0 && !options.unfiltered) throw new PointersError(marked.pointer)
  const about = {
    warnings: [...warnings, ...warningsAbout(frozen, marks)],
    skeleton,
    binaries: binariesIn(frozen.manifest, marks),
  }
  return artifactOf(frozen, options.revision ?? null, about)
}

/** Sentences about files that are deployed and should not go out unnoticed. */
export function warningsAbout({ manifest }: Frozen, marks: Marks): readonly string[] {
  const { key, bound } = markedIn(manifest, marks)
  return [...largeWarnings(manifest), ...keyWarnings(key), ...boundWarnings(bound)]
}

/** An artifact of frozen bytes. Payloads are made once per base and release, and shared by all who ask. */
export function artifactOf(
  frozen: Frozen,
  revision: Revision | null,
  about: Partial<Pick<Artifact, 'skeleton' | 'warnings' | 'binaries'>> = {},
): Artifact {
  const made = new Map<string, Promise<Payload>>()
  const payload = (base: Manifest | null, release: string, zip: Zip = 'gzip', writable: readonly string[] = []) => {
    const key = `${zip} ${release} ${base === null ? '' : digestOf(base)}`
    const known = made.get(key) ?? payloadFrom(base, frozen, { time: fileTime(release), zipOfMany: zip, writable })
    made.set(key, known)
    known.catch(() => made.delete(key))
    return known
  }
  return {
    manifest: frozen.manifest,
    digest: frozen.digest,
    revision,
    skeleton: {},
    warnings: [],
    binaries: [],
    ...about,
    payload,
  }
}
