import { basename } from 'node:path'
import { PreflightError } from '../../errors.js'

/** An archive that CI built is not one that can be a release. */
export class ArchiveError extends PreflightError {
  override name = 'ArchiveError'
  constructor(
    readonly file: string,
    /** `is a zip`, `is damaged`. */
    readonly why: string,
    more: { readonly details?: readonly string[]; readonly next?: readonly string[] } = {},
  ) {
    super(`the artifact ${basename(file)} ${why}`, more)
  }
}
