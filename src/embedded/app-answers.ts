import { readAppPorts } from './app-port.js'

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
