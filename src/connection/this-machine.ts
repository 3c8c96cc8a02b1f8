import { spawn } from 'node:child_process'
import { connect as dial, type Socket } from 'node:net'
import { homedir, userInfo } from 'node:os'
import type { Connect } from './connection.js'
import { session } from './session.js'
import { type Channel, type ChannelEnd, endOf, type Transport } from './shell/channel.js'

/** A session on this very machine: `sh` child processes, no network. */
export const connectLocal: Connect = async host => {
  const facts = { address: 'localhost', port: 0, user: userInfo().username, transport: 'local', hostKey: null } as const
  return session(host, { ...facts, auth: 'this machine' }, localTransport(), { startUp: 15_000, login: 'sh -c' })
}

function localTransport(): Transport {
  const open = new Set<Channel>()
  let settle: (reason: Error | null) => void = () => {}
  const closed = new Promise<Error | null>(resolve => {
    settle = resolve
  })
  let over = false

  const openChannel = async (command: string) => {
    if (over) throw new Error('the session is closed')
    const channel = childChannel(command)
    open.add(channel)
    channel.ended.then(() => open.delete(channel))
    return channel
  }
  const close = () => {
    over = true
    for (const channel of open) channel.close()
    settle(null)
  }
  return { openChannel, forward: connected, closed, close }
}

/** Like sshd, closing it leaves a running script alone: it only takes its input and output away. */
function childChannel(command: string): Channel {
  const child = spawn('/bin/sh', ['-c', command], { cwd: homedir(), detached: true, stdio: 'pipe' })
  const { stdin, stdout, stderr } = child
  let close = () => {}
  const closed = new Promise<ChannelEnd>(resolve => {
    close = () => {
      for (const stream of [stdin, stdout, stderr]) stream.destroy()
      child.unref()
      resolve({ code: null, signal: null, error: new Error('we closed it') })
    }
  })
  const ended = Promise.race([endOf(child, stderr, () => null), closed])
  return { stdin, stdout, stderr, ended, close }
}

function connected(
  to: { readonly host: string; readonly port: number } | { readonly socket: string },
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = 'socket' in to ? dial(to.socket) : dial(to.port, to.host)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
