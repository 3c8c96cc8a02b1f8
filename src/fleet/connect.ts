import type { Connect } from '../connection/connection.js'
import { hasSsh } from '../connection/openssh/openssh-version.js'
import { Refusal } from '../errors.js'
import type { Host } from '../inventory/host.js'
import { onEach } from './each.js'
import type { Emit } from './events.js'
import { unreachedError } from './read/unreached.js'
import { type Session, startSession } from './session.js'

export interface Reached {
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
  const sshIsHere = hasSsh()
  const reached = await onEach(hosts, options.concurrency, async (host): Promise<Reached> => {
    try {
      const connection = await connect(host, { timeout: options.timeout })
      return { host, session: startSession(connection, connect, options.timeout, options.emit), error: null }
    } catch (error) {
      if (error instanceof Refusal) return { host, session: null, error }
      throw error
    }
  })
  if (!(await sshIsHere) && !hosts.every(saysAll))
    options.emit({ type: 'note', level: 'warning', host: null, text: withoutSsh })
  return reached
}

const withoutSsh =
  'this machine has no ssh, so no ssh configuration was read: hosts are reached by what our own configuration says of them'

/** Whether nothing of a host was left to an ssh configuration, as of those inside this process. */
function saysAll({ user, port, identityFile, hostKey }: Host): boolean {
  return [user, port, identityFile, hostKey].every(value => value !== undefined)
}

/** Stops the run when a host was not reached: every such host with its reason, and that nothing was changed. */
export function demandAll(reached: readonly Reached[]): readonly Session[] {
  const failed = reached.filter(({ session }) => session === null)
  if (failed.length === 0) return reached.map(({ session }) => session as Session)
  for (const { session } of reached) session?.close()
  throw unreachedError(
    failed.map(({ host, error }) => ({ name: host.name, error: error as Refusal })),
    reached.length,
  )
}
