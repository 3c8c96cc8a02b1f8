import type { ExitCode } from './exit-code.js'

/** What the command has changed on hosts: nothing at all, or nothing that is served. */
export type Changed = 'nothing' | 'nothing served'

/**
 * Something the user can do something about. It is thrown, caught once in `cli.ts` and shown as:
 * `message` (what, where, and what is true now), `details` (evidence, a line each), `next` (what to run).
 */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly exitCode: ExitCode = 2
  readonly details: readonly string[]
  readonly next: readonly string[]
  readonly changed: Changed | null

  constructor(
    message: string,
    options: {
      details?: readonly string[]
      next?: readonly string[]
      changed?: Changed | null
      cause?: unknown
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.details = options.details ?? []
    this.next = options.next ?? []
    this.changed = options.changed ?? null
  }
}

/** Wrong flags or arguments: exit 2. */
export class UsageError extends Refusal {
  override name = 'UsageError'
}

/** A check before anything was changed failed, or the build did: exit 3. */
export class PreflightError extends Refusal {
  override name = 'PreflightError'
  override readonly exitCode: ExitCode = 3
}

/** Somebody else is deploying: exit 4. */
export class LockedError extends Refusal {
  override name = 'LockedError'
  override readonly exitCode: ExitCode = 4
}

/** The fleet is in a state that a person must look at: exit 6. */
export class MixedError extends Refusal {
  override name = 'MixedError'
  override readonly exitCode: ExitCode = 6
}
