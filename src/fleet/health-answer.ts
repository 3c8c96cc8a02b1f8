import { isForbidden, isRefused } from '../connection/errors.js'

export interface Health {
  readonly ok: boolean
  /** `200 in 12 ms`, or what was wrong. */
  readonly note: string
  readonly output: readonly string[]
  /** The release that the answer named. */
  readonly served: string | null
  /** Nothing listens there. */
  readonly refused?: boolean
}

/** A question that got no answer, in words. */
export function failed(error: unknown, url: URL): Health {
  return { ok: false, note: noteOf(error, url), output: [], served: null, refused: isRefused(error) }
}

function noteOf(error: unknown, url: URL): string {
  if (isForbidden(error)) return `its sshd does not let us forward to ${url.host}: allow it, or check by a command`
  if (isRefused(error)) return 'connection refused'
  return error instanceof Error ? error.message : String(error)
}
