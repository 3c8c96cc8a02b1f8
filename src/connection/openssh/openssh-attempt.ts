import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectError } from '../errors.js'
import type { KnownHost } from '../host-keys/known-hosts.js'
import type { Target, Wanted } from '../login-target.js'
import type { ReachOptions } from '../route/dial.js'
import { type Lease, refusedBy } from '../route/jump.js'
import type { Transport } from '../shell/channel.js'
import { type Folder, makeFolder, masterArgs, removeFolder } from './openssh-args.js'
import { opensshChannels } from './openssh-channels.js'
import { type OpensshFailure, opensshError, tooSlow } from './openssh-errors.js'
import { type Master, startMaster } from './openssh-master.js'
import { openMux } from './openssh-mux.js'
import { type SshOutput, sshOutput } from './openssh-output.js'
import type { OpensshVersion } from './openssh-version.js'

/** A host that the system's ssh is logged in to. */
export interface OpensshLogin {
  readonly target: Target
  readonly output: SshOutput
  readonly transport: Transport
  /** Control socket of its master, for what goes through this host. */
  readonly socket: string
  readonly closed: Promise<Error | null>
  readonly close: () => void
}

interface Attempt {
  readonly target: Target
  readonly wanted: Wanted
  readonly lease: Lease<OpensshLogin> | null
  readonly known: KnownHost
  readonly version: OpensshVersion
  readonly except: readonly string[]
  readonly options: ReachOptions
}

/** One master for one host: it takes channels, or nothing is left of it. Rejects with a ConnectError. */
export async function begin(attempt: Attempt): Promise<OpensshLogin> {
  const { target, lease, options } = attempt
  if (options.signal?.aborted) throw aborted(target)
  const folder = await makeFolder(target, attempt.known)
  const via = lease?.login.socket ?? null
  const { timeout } = options
  const master = startMaster(masterArgs({ ...attempt, folder, timeout, via }), folder)
  try {
    const came = await inTime(master, options)
    const output = sshOutput(master.log())
    if (came === 'late') throw tooSlow(await failureOf(attempt, output, folder))
    if (came === 'aborted') throw aborted(target)
    if (came === 'ended') throw await explained(attempt, output, folder)
    const mux = await openMux(folder.socket, timeout)
    const over = mux.closed.then(() => ended(master))
    const channels = opensshChannels({ ...mux, closed: over }, master.lost)
    const close = () => {
      mux.close()
      master.close()
    }
    master.closed.then(mux.close)
    master.gone.then(() => removeFolder(folder))
    return {
      target,
      output,
      transport: { ...channels, closed: master.closed, close },
      socket: folder.socket,
      closed: master.closed,
      close,
    }
  } catch (error) {
    master.close()
    master.gone.then(() => removeFolder(folder))
    throw error
  }
}

/** ssh closes its control socket a moment before it says why. */
async function ended(master: Master): Promise<void> {
  await Promise.race([master.closed, sleep(500)])
  master.fail('ssh takes no more channels')
}

/** What came first: it takes channels, it ended, the time was over, we were told to give up. */
function inTime(master: Master, { timeout, signal }: ReachOptions): Promise<'ready' | 'ended' | 'late' | 'aborted'> {
  return new Promise(resolve => {
    const abort = () => resolve('aborted')
    const timer = setTimeout(() => resolve('late'), timeout)
    signal?.addEventListener('abort', abort, { once: true })
    master.ready.then(ready => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      resolve(ready ? 'ready' : 'ended')
    })
  })
}

async function failureOf(attempt: Attempt, output: SshOutput, folder: Folder): Promise<OpensshFailure> {
  const { target, known, options } = attempt
  const shown = await readFile(`${folder.path}/offered`, 'utf8').catch(() => '')
  const offered = shown === '' ? null : Buffer.from(shown, 'base64')
  return { target, output, known, offered, timeout: options.timeout }
}

/** ssh does not hear why a jump host opens no way to the host: we ask that one. */
async function explained(attempt: Attempt, output: SshOutput, folder: Folder): Promise<ConnectError> {
  const { target, lease } = attempt
  const failure = await failureOf(attempt, output, folder)
  if (lease === null || output.met) return opensshError(failure)
  const { hostname: host, port } = target
  return lease.login.transport.forward({ host, port }).then(
    stream => {
      stream.destroy()
      return opensshError(failure)
    },
    refusal => refusedBy(lease.login.target, target, refusal),
  )
}

function aborted({ name }: Target): ConnectError {
  return new ConnectError('aborted', name, `the connection to ${name} was given up`)
}
