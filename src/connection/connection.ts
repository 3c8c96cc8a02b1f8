import type { Duplex } from 'node:stream'
import type { Host } from '../inventory/host.js'
import type { Script } from '../scripts/shell/shell.js'

/** How a script ended. `code === null`: it is unknown how (connection lost, killed, out of time): never success. */
export interface RunResult {
  readonly code: number | null
  /** Signal that ended the remote shell, when sshd said so. */
  readonly signal: string | null
  /** Why the outcome is unknown, when `code` is null. */
  readonly lost: Error | null
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly ms: number
}

export interface RunOptions {
  /** Milliseconds until the run is given up and its channel closed. */
  readonly timeout: number
  /** Milliseconds without a byte from the host, and without one that it takes, after which the run is given up, too, unless it is `endless`. */
  readonly stall?: number
  /** Scripts without input that may follow: their text goes along with this one, and is not sent again when they are run. */
  readonly next?: readonly Script[]
  /** Bytes of standard output that are kept: 8 MB unless said. A script that prints more is given up, unless it is `endless`. */
  readonly most?: number
  /** It runs somebody else's program, which may print what it likes: of its output the last bytes are kept. */
  readonly endless?: boolean
  /** Called with the bytes of the script's input that were written and flushed so far. */
  readonly onSent?: (bytes: number) => void
  /** Called with each chunk as it comes (line markers of the protocol are already taken out). */
  readonly onOutput?: (stream: 'stdout' | 'stderr', chunk: Buffer) => void
}

/** A script that was started and reads lines from us: an armed swap. */
export interface Waiting {
  /** Next line of its standard output; null when none came in time, the script ended or the connection was lost. */
  readonly line: (timeout: number) => Promise<string | null>
  /** Writes one line to it, at once. */
  readonly send: (line: string) => void
  readonly result: Promise<RunResult>
}

/** Links of a host, without starting a program there. */
export interface Files {
  /** Where a link leads; null when that was not learned within `timeout` milliseconds. */
  readonly readlink: (path: string, timeout: number) => Promise<string | null>
  /** Renames, also over what is there. False: the host refused; null: no answer came, it may have happened, or still happen. */
  readonly rename: (from: string, to: string, timeout: number) => Promise<boolean | null>
}

/** What is known of a session once it stands. */
export interface ConnectionFacts {
  readonly address: string
  readonly port: number
  readonly user: string
  readonly transport: 'builtin' | 'openssh' | 'local'
  /** Why the system's ssh was taken, where that was not asked for. */
  readonly why?: string
  /** Key type and fingerprint (`SHA256:…`) of the verified host key; null for the local transport. */
  readonly hostKey: { readonly type: string; readonly fingerprint: string } | null
  /** How we logged in, in words: `agent ED25519 SHA256:…`, `~/.ssh/id_ed25519`. */
  readonly auth: string
  /** What the login printed by itself before the first script ran (start-up files), for diagnosis. */
  readonly noise?: string
}

/** A live session on a host, and the only door to a machine. Nothing here rejects for what a host does: look at the result. */
export interface Connection {
  readonly host: Host
  readonly facts: ConnectionFacts
  /** Sessions that are open. Scripts that run at once share them where the host allows no more. */
  readonly sessions: () => number
  /** Round-trip time in milliseconds: the least seen so far. */
  readonly rtt: () => number
  /** How often something was asked and its answer waited for, since the connection stood. */
  readonly roundTrips: () => number
  readonly bytesSent: () => number
  readonly bytesReceived: () => number
  /** Runs a script to its end. Several may run at once (each then has a channel of its own, at most 4). */
  readonly run: (script: Script, options: RunOptions) => Promise<RunResult>
  /** Starts a script that waits for our lines. Its `input` must be empty, and no child of it may read on when it has ended. */
  readonly open: (script: Script, options: { readonly timeout: number }) => Waiting
  /** Its SFTP; null where it has none that can do this, or allows no session beside the two that scripts need. */
  readonly files: () => Promise<Files | null>
  /** A stream to a port or a unix socket, as seen from the host. Rejects when the host refuses. */
  readonly forward: (
    to: { readonly host: string; readonly port: number } | { readonly socket: string },
  ) => Promise<Duplex>
  /** Settles when the session is over: null when we closed it. */
  readonly closed: Promise<Error | null>
  readonly close: () => void
}

/** Opens a session. Rejects with a ConnectError only. */
export type Connect = (
  host: Host,
  options: { readonly timeout: number; readonly signal?: AbortSignal },
) => Promise<Connection>
