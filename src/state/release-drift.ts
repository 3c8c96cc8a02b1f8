/** How what a host holds of a release differs from what was sealed. Paths are fit to be shown. */
export interface Drift {
  /** What was sealed, and is not as it was, or is gone. */
  readonly modified: readonly string[]
  readonly missing: readonly string[]
  /** The first of what is there beside that, such as what the app wrote; that is no fault. */
  readonly extra: readonly string[]
  readonly extraCount: number
}

export const noDrift: Drift = { modified: [], missing: [], extra: [], extraCount: 0 }

/** Whether everything that was sealed is as it was. */
export function isIntact({ modified, missing }: Drift): boolean {
  return modified.length + missing.length === 0
}
