import { PreflightError } from '../errors.js'
import { escapeLines } from '../text/escape.js'

/** Why no session came about. */
export type ConnectFailure =
  | 'dns'
  | 'refused'
  | 'timeout'
  | 'unreachable'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  | 'auth'
  | 'handshake'
  | 'lost'
  | 'config'
  | 'shell'
  | 'jump'
  | 'aborted'

/** No session with a host: which one, why (in words that may be the host's, fit to be shown), and what to run. */
export class ConnectError extends PreflightError {
  override name = 'ConnectError'
  /** The host key that was not trusted, where that is the reason. */
  readonly offered: Buffer | null

  constructor(
    readonly kind: ConnectFailure,
    readonly host: string,
    message: string,
    options: {
      details?: readonly string[]
      next?: readonly string[]
      cause?: unknown
      offered?: Buffer
    } = {},
  ) {
    super(shown(message), { ...options, details: options.details?.map(shown) ?? [] })
    this.offered = options.offered ?? null
  }
}

/** Whether a host's sshd forbids a forwarding, whatever listens behind it. */
export function isForbidden(error: unknown): boolean {
  const { reason, message } = error as { readonly reason?: unknown; readonly message?: unknown }
  return reason === 1 || /administratively prohibited/i.test(String(message))
}

/** Whether nothing listens where a forwarding was to lead. */
export function isRefused(error: unknown): boolean {
  return /connection refused|ECONNREFUSED/i.test(String((error as { readonly message?: unknown }).message))
}

/** A script or a handshake did not end in its time: how it ended is unknown. */
export class TimeoutError extends Error {
  override name = 'TimeoutError'
}

/** The shell or the connection under a script went away: how it ended is unknown. */
export class LostError extends Error {
  override name = 'LostError'
  constructor(
    message: string,
    readonly gone: 'shell' | 'connection' = 'shell',
    options?: ErrorOptions,
  ) {
    super(shown(message), options)
  }
}

function shown(text: string): string {
  return escapeLines(text).join('\n')
}
