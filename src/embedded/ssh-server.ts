import { timingSafeEqual } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { resolve, sep } from 'node:path'
import type {
  AcceptConnection,
  AuthContext,
  Connection,
  ParsedKey,
  PublicKeyAuthContext,
  RejectConnection,
  ServerChannel,
} from 'ssh2'
import { loadSsh2 } from './keys.js'
import { type Surroundings, serveSession } from './session.js'

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

/** Lets in who proves to hold the one client key, under the one login; everybody else is told to bring a public key. */
function authenticate(attempt: AuthContext, login: string, key: ParsedKey): void {
  if (attempt.method !== 'publickey' || attempt.username !== login || !isKey(attempt, key) || !isProof(attempt, key)) {
    attempt.reject(['publickey'])
    return
  }
  attempt.accept()
}

function isKey(attempt: PublicKeyAuthContext, key: ParsedKey): boolean {
  const known = key.getPublicSSH()
  const { algo, data } = attempt.key
  return algo === key.type && data.length === known.length && timingSafeEqual(data, known)
}

/** A client may first ask, without a signature, whether the key would do: ssh2 answers that without letting it in. */
function isProof(attempt: PublicKeyAuthContext, key: ParsedKey): boolean {
  if (attempt.signature === undefined) return true
  return attempt.blob !== undefined && key.verify(attempt.blob, attempt.signature, attempt.hashAlgo) === true
}

/** Forwards to ports of this machine's loopback and to unix sockets below the host's folder; refuses all else. */
function serveForwards(connection: Connection, home: string): void {
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
