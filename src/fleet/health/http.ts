import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { placeOf } from '../read/forwarding.js'
import type { Session } from '../session.js'
import { within } from '../within.js'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

const mostBody = 64 * 1024

/** Asks from the host itself, through its SSH session. */
export async function get(session: Session, url: URL, timeout: number): Promise<Answer> {
  const tls = url.protocol === 'https:'
  const stream = await within(timeout, session.forward(placeOf(url)))
  stream.on('error', () => {})
  return within(timeout, exchange(stream, url, tls)).finally(() => stream.destroy())
}

function exchange(stream: Duplex, url: URL, tls: boolean): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ask = (tls ? requestTls : request)(
      url,
      {
        // With an agent, also with `agent: false`, node connects by itself from this machine and never calls this.
        createConnection: () => (tls ? secure(stream, url) : stream) as never,
        headers: { 'user-agent': 'clonedeploy', connection: 'close' },
      },
      response => {
        const chunks: Buffer[] = []
        let length = 0
        response.on('data', (chunk: Buffer) => {
          length += chunk.length
          if (length <= mostBody) chunks.push(chunk)
        })
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          }),
        )
        response.on('error', reject)
      },
    )
    ask.on('error', reject)
    ask.end()
  })
}

/** The way to the app is the host's own loopback inside our SSH session; the certificate is for the outside's name. */
function secure(socket: Duplex, url: URL): Duplex {
  return connectTls({ socket, servername: isIP(url.hostname) ? '' : url.hostname, rejectUnauthorized: false })
}
