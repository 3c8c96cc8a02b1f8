import type { EventEmitter } from 'node:events'
import type { Duplex, Readable, Writable } from 'node:stream'

/** A command that runs on a host, as three byte streams. Everything that a transport must be able to open. */
export interface Channel {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  /** Settles when the command ended and its output was read, or when the connection is gone. */
  readonly ended: Promise<ChannelEnd>
  readonly close: () => void
}

export interface ChannelEnd {
  readonly code: number | null
  readonly signal: string | null
  /** Why the connection under the channel is gone; null while it stands. */
  readonly error: Error | null
}

/** A way to a host: ssh2, the system's ssh, or this machine. */
export interface Transport {
  readonly openChannel: (command: string) => Promise<Channel>
  /** A service of sshd by its name, `sftp`. Absent where there is no sshd on the way. */
  readonly openSubsystem?: (name: string) => Promise<Channel>
  readonly forward: (
    to: { readonly host: string; readonly port: number } | { readonly socket: string },
  ) => Promise<Duplex>
  /** Settles when the connection is over: null when we closed it. */
  readonly closed: Promise<Error | null>
  readonly close: () => void
}

/**
 * The end of a child process or an ssh2 channel: both emit 'exit' (code, signal) and then 'close'. When a background
 * child keeps the output open, 'close' never comes; the grace after 'exit' is for output that is still on its way.
 */
export function endOf(emitter: EventEmitter, stderr: Readable, lost: () => Error | null): Promise<ChannelEnd> {
  return new Promise(resolve => {
    let code: number | null = null
    let signal: string | null = null
    const end = () => resolve({ code, signal, error: lost() })
    emitter.on('exit', (exitCode: number | null, exitSignal?: string | null) => {
      code = exitCode ?? null
      signal = exitSignal ?? null
      setTimeout(end, 300).unref()
    })
    emitter.on('close', () => (stderr.readableEnded || stderr.destroyed ? end() : stderr.once('end', end)))
    emitter.on('error', end)
  })
}
