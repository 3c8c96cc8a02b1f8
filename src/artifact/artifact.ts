import { PreflightError } from '../errors.js'
import type { Origin } from '../release/origin.js'
import type { Skeleton } from '../release/shared.js'
import type { Arrival, Zip } from '../scripts/prepare/check-arrival.js'
import type { Binary } from '../state/platform.js'
import type { Manifest } from './manifest/manifest.js'
import { printable } from './printable-names.js'

/** The built files, packed once: frozen on disk before the first host gets a byte. */
export interface Artifact {
  readonly manifest: Manifest
  /** `sha256:` and 64 hex digits, of the manifest's text. */
  readonly digest: string
  readonly revision: Revision | null
  /** Where its files come from, when the configuration does not say. */
  readonly origin?: Origin
  /** What the shared folders begin with on a host where they are empty. */
  readonly skeleton: Skeleton
  readonly warnings: readonly string[]
  /** The programs and libraries in it, as far as it was looked for them: not in what a rollback makes whole again. */
  readonly binaries: readonly Binary[]
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
  /** The source's `.deployignore` is not committed as it is there, so it is not what the build goes by. */
  readonly uncommittedRules?: true
}

/** A file was written to while it was being packed: hosts would get half of an old and half of a new one. */
export class FileChangedError extends PreflightError {
  override name = 'FileChangedError'
  constructor(readonly path: string) {
    super(`${printable(path)} changed while it was being packed`, {
      details: ['something still writes into the folder: a watcher, or a build that runs in the background'],
      next: ['stop it and deploy again'],
    })
  }
}

/** The frozen bytes of an artifact in the local cache are not what they were. It has been removed from there. */
export class DamagedArtifactError extends PreflightError {
  override name = 'DamagedArtifactError'
  constructor(readonly reason: string) {
    super('the artifact in the local cache is damaged; it was removed from there', {
      details: [reason],
      next: ['deploy again: it is built anew'],
    })
  }
}

/** Some paths cannot be part of an artifact. */
export class UnpackableError extends PreflightError {
  override name = 'UnpackableError'
}

/** A payload that does not fit into memory. */
export class PayloadTooLargeError extends PreflightError {
  override name = 'PayloadTooLargeError'
  constructor(bytes: number) {
    super(`the artifact is more than ${Math.floor(bytes / 2 ** 30)} GB compressed: too large to be sent to the hosts`, {
      next: ['leave out what the app does not need: "include" in the config, or .deployignore'],
    })
  }
}
