import { randomInt } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { keep } from './keys.js'

/** The port that the app on an embedded host listens on: free when it was picked, and the same ever after. */
export async function appPort(dir: string, name: string, taken: readonly number[]): Promise<number> {
  return Number(await keep(join(dir, `${name}.port`), async () => `${await freePort(taken)}\n`))
}

/** The app ports of a fleet's folder by host name; none when no fleet was ever started there. */
export async function readAppPorts(dir: string): Promise<ReadonlyMap<string, number>> {
  const ports = new Map<string, number>()
  for (const file of (await readdir(dir).catch(() => [])).sort(byNumber)) {
    if (/^web-\d+\.port$/.test(file)) ports.set(file.slice(0, -5), Number(await readFile(join(dir, file), 'utf8')))
  }
  return ports
}

/** Below the range that the system gives to outgoing connections, which could take the port while the app restarts. */
async function freePort(taken: readonly number[]): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(20_000, 30_000)
    if (!taken.includes(port) && (await isFree(port))) return port
  }
  throw new Error('no free port between 20000 and 29999 on 127.0.0.1')
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

function byNumber(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

/** What the app on a host says over HTTP, and which release it says that it is; `status` is null when it does not answer. */
export interface AppAnswer {
  readonly host: string
  readonly port: number
  readonly status: number | null
  readonly says: string
  readonly release: string | null
}

/** Asks the app (examples/hello) on every host of a fleet's folder. */
export async function askApps(dir: string): Promise<readonly AppAnswer[]> {
  const answers: AppAnswer[] = []
  for (const [host, port] of await readAppPorts(dir)) answers.push({ host, port, ...(await askApp(port)) })
  return answers
}

async function askApp(port: number): Promise<Pick<AppAnswer, 'status' | 'says' | 'release'>> {
  try {
    const page = await get(port, '/')
    const health = await get(port, '/healthz')
    return {
      status: page.status,
      says: /<h1>(.*)<\/h1>/.exec(page.body)?.[1] ?? page.body.trim(),
      release: health.status === 200 ? health.body.trim() : null,
    }
  } catch (error) {
    return { status: null, says: `no answer: ${reasonOf(error)}`, release: null }
  }
}

/** On a connection of its own: a kept one could be the old app's, which is gone by now. */
async function get(port: number, path: string): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { connection: 'close' },
    signal: AbortSignal.timeout(3_000),
  })
  return { status: response.status, body: await response.text() }
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? message
}
