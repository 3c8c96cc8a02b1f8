import { trustSteps, UnknownKeyError } from '../../connection/host-keys/host-key-errors.js'
import { PreflightError, type Refusal } from '../../errors.js'

/** A host that was not reached, and why. */
export interface Unreached {
  readonly name: string
  readonly error: Refusal
}

/** One error for all of them: each with its own reason, told once where it is the same. */
export function unreachedError(failed: readonly Unreached[], total: number): PreflightError {
  const [first] = failed
  if (failed.length === 1 && first !== undefined) {
    const { message, details, next } = first.error
    return new PreflightError(`${message.replace(/\.?$/, '.')} Nothing was changed.`, {
      details,
      next,
      cause: first.error,
    })
  }
  const groups = grouped(failed)
  return new PreflightError(`${failed.length} of ${total} hosts cannot be reached. Nothing was changed.`, {
    details: groups.flatMap(({ message, details }) => [message, ...details.map(line => `  ${line}`)]),
    next: unique(groups.flatMap(({ next }) => next)),
  })
}

/** Errors that are the same but for the host's name become one that names them all. */
export function grouped(failed: readonly Unreached[]): readonly Pick<Refusal, 'message' | 'details' | 'next'>[] {
  const groups = new Map<string, Unreached[]>()
  for (const one of failed) {
    const text = withoutName(one)
    groups.set(text, [...(groups.get(text) ?? []), one])
  }
  return [...groups].map(([text, members]) => {
    const errors = members.map(({ error }) => error)
    const { message = text, details = [] } = errors[0] ?? {}
    if (members.length === 1) return { message, details, next: nextOf(errors) }
    const others = members.slice(1).map(({ name }) => name)
    return {
      message: `${message} (the same holds for ${others.join(', ')})`,
      details: ownFirst(errors.map(one => one.details)),
      next: nextOf(errors),
    }
  })
}

/** What helps one of them helps all; but a key is trusted host by host. */
function nextOf(errors: readonly Refusal[]): readonly string[] {
  const unknown = errors.filter(error => error instanceof UnknownKeyError)
  return unknown.length === errors.length ? trustSteps(unknown) : (errors[0]?.next ?? [])
}

function withoutName({ name, error }: Unreached): string {
  return error.message.startsWith(`${name} `) || error.message.startsWith(`${name}: `)
    ? error.message.slice(name.length).replace(/^:? /, '')
    : error.message
}

/** What is said of one of them, then what is said of all. */
function ownFirst(lists: readonly (readonly string[])[]): string[] {
  const lines = unique(lists.flat())
  const ofAll = (line: string) => lists.every(list => list.includes(line))
  return [...lines.filter(line => !ofAll(line)), ...lines.filter(ofAll)]
}

function unique(lines: readonly string[]): string[] {
  return [...new Set(lines)]
}
