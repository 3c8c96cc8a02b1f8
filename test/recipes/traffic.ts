import { get } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export interface Traffic {
  /** Ends when every request that was under way is answered. */
  readonly stop: () => Promise<Answers>
}

export interface Answers {
  /** Requests that did not get a 200, in words. */
  readonly failed: readonly string[]
  /** The bodies of the others, each once. */
  readonly bodies: readonly string[]
}

/** Asks each address, one request after the other, each over a connection of its own; begins when each has answered once. */
export async function startTraffic(urls: readonly string[]): Promise<Traffic> {
  const failed: string[] = []
  const bodies = new Set<string>()
  let over = false
  const user = async (url: string) => {
    while (!over) {
      const answer = await ask(url).catch(error => `${error}`)
      if (typeof answer === 'string' || answer.status !== 200) failed.push(`${url}: ${JSON.stringify(answer)}`)
      else bodies.add(answer.body)
      await pause(10)
    }
  }
  for (const url of urls) await ask(url)
  const users = urls.map(user)
  const stop = async () => {
    over = true
    await Promise.all(users)
    return { failed, bodies: [...bodies].sort() }
  }
  return { stop }
}

export function ask(url: string): Promise<{ readonly status: number | undefined; readonly body: string }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, response => {
      let body = ''
      response
        .setEncoding('utf8')
        .on('data', text => {
          body += text
        })
        .on('end', () => resolve({ status: response.statusCode, body: body.trim() }))
        .on('error', reject)
    }).on('error', reject)
  })
}
