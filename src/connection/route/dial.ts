import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectError } from '../errors.js'
import { addressOf, sshLine, type Target } from '../login-target.js'
import { seconds } from '../shell/exchange.js'
import { tail } from '../shell/lines.js'

/** A byte stream to a host's sshd, before anything was said on it. */
export interface Reached {
  readonly stream: Duplex
  /** The address behind the name, where we know it. */
  readonly address: string | null
  /** What a ProxyCommand printed on its standard error. */
  readonly said: () => Promise<string>
}

export interface ReachOptions {
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
}

/** A TCP connection, made by ourselves so that each way in which it fails gets its own words. */
export function reachDirectly(target: Target, { timeout, signal }: ReachOptions): Promise<Reached> {
  return new Promise((resolve, reject) => {
    const family = target.family === null ? {} : { family: target.family }
    const socket = connect({ host: target.hostname, port: target.port, noDelay: true, ...family })
    const fail = (error: ConnectError) => {
      clearTimeout(timer)
      socket.on('error', () => {})
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(tcpError(target, timeout, 'ETIMEDOUT')), timeout)
    const abort = () => fail(new ConnectError('aborted', target.name, `the connection to ${target.name} was given up`))
    signal?.addEventListener('abort', abort, { once: true })
    const failed = (error: NodeJS.ErrnoException) => fail(tcpError(target, timeout, error.code ?? error.message, error))
    socket.once('error', failed)
    socket.once('connect', () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      socket.off('error', failed)
      // Until ssh2 listens; an error that nobody hears would end the process.
      socket.on('error', () => {})
      resolve({ stream: socket, address: socket.remoteAddress ?? null, said: async () => '' })
    })
    if (signal?.aborted) abort()
  })
}

function tcpError(target: Target, timeout: number, code: string, cause?: unknown): ConnectError {
  const { name, hostname } = target
  const address = addressOf(target)
  const next = [sshLine(target, '-v')]
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EAI_NODATA': {
      const message = `${name} cannot be found: the name ${hostname} has no address (${code})`
      return new ConnectError('dns', name, message, { next: [`getent hosts ${hostname}`, ...next], cause })
    }
    case 'ECONNREFUSED': {
      const message = `${name} refused the connection: nothing listens on ${address}`
      return new ConnectError('refused', name, message, {
        next: ['is sshd running there, and on this port?', ...next],
        cause,
      })
    }
    case 'ETIMEDOUT': {
      const message = `${name} did not answer: no connection to ${address} in ${seconds(timeout)}`
      return new ConnectError('timeout', name, message, {
        next: ['is it up, and does a firewall let you through?', ...next],
        cause,
      })
    }
    case 'ENETUNREACH':
    case 'EHOSTUNREACH': {
      const message = `${name} cannot be reached: there is no way to ${address} (${code})`
      return new ConnectError('unreachable', name, message, { next: [`ip route get ${hostname}`, ...next], cause })
    }
    default:
      return new ConnectError('unreachable', name, `${name} cannot be reached at ${address} (${code})`, { next, cause })
  }
}

/** The stdin and stdout of a ProxyCommand, run by the user's shell as ssh does it. Its words are kept for the error. */
export function reachByCommand(command: string): Reached {
  // In a session of its own: Ctrl-C must not cut the way to a host that is about to be rolled back.
  const child = spawn(process.env.SHELL || '/bin/sh', ['-c', `exec ${command}`], { stdio: 'pipe', detached: true })
  const words = tail(4096)
  child.stderr.on('data', (chunk: Buffer) => words.push(chunk))
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
  // ssh2 adds its listener a moment later; a command that cannot start fails before.
  stream.on('error', () => {})
  child.on('error', error => {
    words.push(Buffer.from(error.message))
    stream.destroy(error)
  })
  stream.on('close', () => {
    // Without its stdin it ends by itself, once it has said why.
    setTimeout(() => child.kill(), 400).unref()
    child.unref()
  })
  const said = async () => {
    await ended(child)
    return words.bytes().toString('utf8').trim()
  }
  return { stream, address: null, said }
}

/** Its last words are often still on their way when its output has ended. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return sleep(20)
  const close = once(child, 'close').then(
    () => {},
    () => {},
  )
  await Promise.race([close, sleep(500)])
}
