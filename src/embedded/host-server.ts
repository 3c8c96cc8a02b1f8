import { createServer, type Server, type Socket } from 'node:net'
import type { Connection, ParsedKey } from 'ssh2'
import { authenticate } from './authenticate.js'
import { serveForwards } from './forward.js'
import { type Surroundings, serveSession } from './session.js'
import { loadSsh2 } from './ssh2.js'

export interface HostServer {
  readonly port: number
  readonly close: () => Promise<void>
}

/** One SSH server on a free port of 127.0.0.1. */
export async function startHostServer(
  login: { readonly name: string; readonly key: ParsedKey },
  hostKey: string,
  surroundings: Surroundings,
): Promise<HostServer> {
  const { Server: SshServer } = await loadSsh2()
  const ssh = new SshServer({ hostKeys: [hostKey] }, connection => serve(connection, login, surroundings))
  const sockets = new Set<Socket>()
  const listener = createServer({ noDelay: true }, socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    ssh.injectSocket(socket)
  })
  return { port: await listen(listener), close: () => close(listener, sockets) }
}

function serve(
  connection: Connection,
  login: { readonly name: string; readonly key: ParsedKey },
  surroundings: Surroundings,
): void {
  connection.on('error', () => {})
  connection.on('authentication', attempt => authenticate(attempt, login.name, login.key))
  connection.on('ready', () => {
    connection.setMaxListeners(0)
    connection.on('session', accept => serveSession(accept(), connection, surroundings))
    serveForwards(connection, surroundings.home)
  })
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') return reject(new Error('the host has no port'))
      resolve(address.port)
    })
  })
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    for (const socket of sockets) socket.destroy()
  })
}
