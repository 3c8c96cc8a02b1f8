import { ConnectError, isForbidden, isRefused } from '../../connection/errors.js'

export interface Health {
  readonly ok: boolean
  /** `200 in 12 ms`, or what was wrong. */
  readonly note: string
  readonly output: readonly string[]
  /** Of a bad answer by HTTP. */
  readonly status?: number
  /** The release that the answer named. */
  readonly served: string | null
  /** Nothing listens there. */
  readonly refused?: boolean
  /** The connection was lost and could not be opened again: asking on is of no use. */
  readonly lost?: boolean
}

/** A question that got no answer, in words. */
export function failed(error: unknown, url: URL): Health {
  if (isLost(error)) return { ok: false, note: lostNote(error), output: [], served: null, lost: true }
  return { ok: false, note: noteOf(error, url), output: [], served: null, refused: isRefused(error) }
}

/** Whether there is no session with the host any more, and a new one did not come about. */
export function isLost(error: unknown): error is ConnectError {
  return error instanceof ConnectError
}

export function lostNote({ message }: ConnectError): string {
  return `the host was lost and is not reached again: ${message}`
}

function noteOf(error: unknown, url: URL): string {
  if (isForbidden(error)) return `its sshd does not let us forward to ${url.host}: allow it, or check by a command`
  if (isRefused(error)) return 'connection refused'
  return error instanceof Error ? error.message : String(error)
}

/** How often in a row an app has answered 500, and since when (milliseconds). */
export interface Broken {
  readonly tries: number
  readonly since: number
}

const fewest = 5
const shortest = 5_000

export function brokenNow(before: Broken | null, { status }: Pick<Health, 'status'>, now: number): Broken | null {
  if (status !== 500) return null
  return { tries: (before?.tries ?? 0) + 1, since: before?.since ?? now }
}

/** Whether it will answer nothing else. What refuses connections, or answers in any other way, may still be starting. */
export function isBrokenForGood(broken: Broken | null, now: number, timeout: number): boolean {
  return broken !== null && broken.tries >= fewest && now - broken.since >= Math.max(shortest, timeout / 3)
}
