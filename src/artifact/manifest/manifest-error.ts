import { PreflightError } from '../../errors.js'

/** A manifest that we cannot have written, or that was damaged since. */
export class ManifestError extends PreflightError {
  override name = 'ManifestError'
  constructor(
    readonly reason: string,
    readonly line: number | null,
    text: string,
  ) {
    const where = line === null ? '' : `line ${line} `
    super(`a manifest is damaged: ${where}${reason}`, { details: [JSON.stringify(text.slice(0, 200))] })
  }
}
