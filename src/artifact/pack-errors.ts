import { PreflightError } from '../errors.js'
import { printable } from './printable.js'

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
