import { realpathSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { resolve, sep } from 'node:path'
import type { AcceptConnection, Connection, RejectConnection, ServerChannel } from 'ssh2'

/** Forwards to ports of this machine's loopback and to unix sockets below the host's folder; refuses all else. */
export function serveForwards(connection: Connection, home: string): void {
  connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
    if (!['127.0.0.1', 'localhost'].includes(destIP)) return reject()
    join(connection, connect(destPort, '127.0.0.1'), accept, reject)
  })
  connection.on('openssh.streamlocal', (accept, reject, { socketPath }) => {
    const path = resolve(home, socketPath)
    if (!isBelow(home, path)) return reject()
    join(connection, connect(path), accept, reject)
  })
}

function join(
  connection: Connection,
  socket: Socket,
  accept: AcceptConnection<ServerChannel>,
  reject: RejectConnection,
): void {
  const drop = () => socket.destroy()
  connection.once('close', drop)
  socket.once('close', () => connection.off('close', drop))
  socket.once('error', reject)
  socket.once('connect', () => {
    const channel = accept()
    channel.once('close', drop)
    channel.on('error', drop)
    socket.once('error', () => channel.close())
    channel.pipe(socket).pipe(channel)
  })
}

function isBelow(home: string, path: string): boolean {
  try {
    return realpathSync(path).startsWith(realpathSync(home) + sep)
  } catch {
    return false
  }
}
