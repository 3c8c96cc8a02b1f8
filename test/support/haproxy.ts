import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import { freePort } from './ports.js'

/** A real HAProxy in front of apps that the test serves itself: the backend `web` with the servers h1 … hN. */
export interface TestHaproxy {
  /** Sockets of the runtime API: one that may change servers, one that may not. */
  readonly socket: string
  readonly userSocket: string
  readonly url: string
  /** One command of the runtime API, asked from here. */
  readonly ask: (command: string) => Promise<string>
  /** `ready`, `drain`, `maint` of every server, by what HAProxy says. */
  readonly states: () => Promise<readonly string[]>
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface App {
  /** Answers a request that came to host `i`. */
  readonly answer: (i: number, path: string) => Promise<{ readonly status: number; readonly body: string }>
}

export async function startHaproxy(hosts: number, app: App): Promise<TestHaproxy> {
  const servers = await Promise.all(Array.from({ length: hosts }, (_, n) => serve(n + 1, app)))
  const haproxy = await haproxyBefore(servers.map((server, n) => `h${n + 1} 127.0.0.1:${portOf(server)}`))
  return {
    ...haproxy,
    async stop() {
      await haproxy.stop()
      for (const server of servers) {
        server.close()
        server.closeAllConnections()
      }
    },
  }
}

/** The same with these servers in the backend `web`: `h1 127.0.0.1:3001`. */
export async function haproxyBefore(servers: readonly string[]): Promise<TestHaproxy> {
  const program = find()
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-haproxy-'))
  const port = await freePort()
  const [socket, userSocket] = [join(dir, 'admin.sock'), join(dir, 'user.sock')]
  const lines = servers.map(server => `  server ${server}`)
  writeFileSync(join(dir, 'haproxy.cfg'), configuration(socket, userSocket, port, lines))
  let child: ChildProcess | null = null
  const killNow = () => child?.kill('SIGKILL')
  process.once('exit', killNow)
  const ask = (command: string) => askSocket(socket, command)
  const haproxy: TestHaproxy = {
    socket,
    userSocket,
    url: `http://127.0.0.1:${port}`,
    ask,
    states: async () => statesIn(await ask('show servers state web')),
    async start() {
      child = spawn(program, ['-db', '-f', join(dir, 'haproxy.cfg')], { stdio: 'ignore' })
      await vi.waitFor(() => ask('show info'), { timeout: 300_000, interval: 20 })
    },
    async kill() {
      const ended = new Promise(resolve => child?.once('exit', resolve))
      killNow()
      await ended
    },
    async stop() {
      process.off('exit', killNow)
      killNow()
      rmSync(dir, { recursive: true, force: true })
    },
  }
  await haproxy.start()
  return haproxy
}

function configuration(socket: string, userSocket: string, port: number, servers: readonly string[]): string {
  return `global
  stats socket ${socket} mode 600 level admin
  stats socket ${userSocket} mode 600 level user
  maxconn 200
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend all
  bind 127.0.0.1:${port}
  default_backend web
backend web
  balance roundrobin
${servers.join('\n')}
`
}

/** By the bits of srv_admin_state: 1 is maintenance, 8 drain. */
function statesIn(answer: string): readonly string[] {
  const rows = answer.split('\n').filter(line => / web \d+ h[\d-]+ /.test(line))
  return rows.map(row => {
    const admin = Number(row.split(' ')[6])
    return admin & 1 ? 'maint' : admin & 8 ? 'drain' : 'ready'
  })
}

function serve(i: number, { answer }: App): Promise<Server> {
  const server = createServer((request, response) => {
    answer(i, request.url ?? '/').then(
      ({ status, body }) => response.writeHead(status).end(body),
      error => response.writeHead(599).end(String(error)),
    )
  })
  return new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(server)))
}

/** What HAProxy answers to a line on its socket. */
export function askSocket(socket: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    connect(socket)
      .on('error', reject)
      .on('data', chunk => {
        text += chunk
      })
      .on('end', () => resolve(text))
      .end(`${command}\n`)
  })
}

function portOf(server: { address: () => unknown }): number {
  return (server.address() as { readonly port: number }).port
}

function find(): string {
  const here = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'].find(path => existsSync(path))
  if (here !== undefined) return here
  try {
    return execFileSync('sh', ['-c', 'command -v haproxy'], { encoding: 'utf8' }).trim()
  } catch {
    throw new Error('haproxy is missing. Install it: apt-get install haproxy')
  }
}
