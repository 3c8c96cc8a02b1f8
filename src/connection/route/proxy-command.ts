import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { tail } from '../shell/tail.js'
import type { Reached } from './reach.js'

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
