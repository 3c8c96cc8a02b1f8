import type { Connect } from '../../connection/connection.js'
import { ConnectError } from '../../connection/errors.js'
import { trustSteps, UnknownKeyError } from '../../connection/host-keys/host-key-errors.js'
import { hasSsh } from '../../connection/openssh/openssh-version.js'
import { PreflightError, Refusal } from '../../errors.js'
import type { Host } from '../../inventory/host.js'
import { onEach } from '../each-host.js'
import type { Emit } from '../events.js'
import { type Session, startSession } from '../session.js'

interface Reached {
  readonly host: Host
  readonly session: Session | null
  readonly error: Refusal | null
}

/** Connects to every host, all at once; says of each whether it was reached. */
export async function reach(
  hosts: readonly Host[],
  connect: Connect,
  options: { readonly concurrency: number; readonly timeout: number; readonly emit: Emit },
): Promise<readonly Reached[]> {
  const reached = await onEach(hosts, options.concurrency, async (host): Promise<Reached> => {
    try {
      const connection = await connect(host, { timeout: options.timeout })
      return { host, session: startSession(connection, connect, options.timeout, options.emit), error: null }
    } catch (error) {
      if (error instanceof Refusal) return { host, session: null, error }
      throw error
    }
  })
  if (!hosts.every(saysAll) && !hasSsh()) options.emit({ type: 'note', level: 'warning', host: null, text: withoutSsh })
  return reached
}

const withoutSsh =
  'this machine has no ssh, so no ssh configuration was read: hosts are reached by what our own configuration says of them'

/** Whether nothing of a host was left to an ssh configuration, as of those inside this process. */
function saysAll({ user, port, identityFile, hostKey }: Host): boolean {
  return [user, port, identityFile, hostKey].every(value => value !== undefined)
}

/**
 * Stops the run when a host was not reached: every such host with its reason, and that nothing was changed.
 * `without`: the command line that goes on without hosts that are away.
 */
export function demandAll(
  reached: readonly Reached[],
  without: ((names: readonly string[]) => string) | null = null,
): readonly Session[] {
  const failed = reached.filter(({ session }) => session === null)
  if (failed.length === 0) return reached.map(({ session }) => session as Session)
  for (const { session } of reached) session?.close()
  const away = failed.map(({ host, error }) => ({ name: host.name, error: error as Refusal }))
  const { message, details, next } = unreachedText(away, reached.length)
  const spared = without !== null && failed.length < reached.length && away.every(isAway)
  throw new PreflightError(message, {
    changed: 'nothing',
    details,
    next: spared ? [...next, `go on without: ${without(away.map(({ name }) => name))}`] : next,
    cause: away[0]?.error,
  })
}

/** Whether the host may be down: what must be mended here, such as a key, is no reason to leave it out. */
function isAway({ error }: Unreached): boolean {
  return error instanceof ConnectError && ['dns', 'refused', 'timeout', 'unreachable', 'lost'].includes(error.kind)
}

/** A host that was not reached, and why. */
export interface Unreached {
  readonly name: string
  readonly error: Refusal
}

/** One refusal for all of them: each with its own reason, told once where it is the same. */
function unreachedText(failed: readonly Unreached[], total: number): Pick<Refusal, 'message' | 'details' | 'next'> {
  const [first] = failed
  if (failed.length === 1 && first !== undefined) {
    const { message, details, next } = first.error
    return { message: message.replace(/\.?$/, '.'), details, next }
  }
  const groups = grouped(failed)
  return {
    message: `${failed.length} of ${total} hosts cannot be reached.`,
    details: groups.flatMap(({ message, details }) => [message, ...details.map(line => `  ${line}`)]),
    next: unique(groups.flatMap(({ next }) => next)),
  }
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
