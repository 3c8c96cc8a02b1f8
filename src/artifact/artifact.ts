import type { Skeleton } from '../release/linked.js'
import type { Arrival, Zip } from '../scripts/prepare/arrival.js'
import type { Manifest } from './manifest/manifest.js'

/** The built files, packed once: frozen on disk before the first host gets a byte. */
export interface Artifact {
  readonly manifest: Manifest
  /** `sha256:` and 64 hex digits, of the manifest's text. */
  readonly digest: string
  readonly revision: Revision | null
  /** What the shared folders begin with on a host where they are empty. */
  readonly skeleton: Skeleton
  readonly warnings: readonly string[]
  /** What brings a host from `base` (null: nothing) to this artifact, with the time of that release; made once per base and kept. `zip` (`gzip`) is for many bytes: few are always gzipped. What is `writable` is never taken from the base. */
  readonly payload: (
    base: Manifest | null,
    release: string,
    zip?: Zip,
    writable?: readonly string[],
  ) => Promise<Payload>
}

export interface Payload extends Arrival {
  /** A compressed tar with `removed`, `added` and `again` (manifest lines; the last are in base and come all the same), what comes as NUL-separated paths (`files`, `links`, `folders`), `tree/…` (the files that are not in base), an empty folder `own`, and `edits` with `edit/N` (what makes files out of the base's). */
  readonly data: Uint8Array
}

/** The commit that a release is built from, pinned once. */
export interface Revision {
  /** 40 hex digits. */
  readonly commit: string
  readonly ref: string
  readonly subject: string
  readonly author: string
  /** Uncommitted changes in the user's working tree, which are not deployed; null for a remote repository. */
  readonly dirty: number | null
}
