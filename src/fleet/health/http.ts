import { type RequestOptions, request } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { HealthStep } from '../../plan/plan.js'
import { within } from '../../time-limit.js'
import { placeOf } from '../read/forwarding.js'
import type { Session } from '../session.js'
import type { Stop } from '../stop.js'
import { failed, type Health } from './answer.js'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

const mostBody = 64 * 1024

/** Asks from the host itself, through its SSH session. */
async function get(session: Session, url: URL, timeout: number): Promise<Answer> {
  const tls = url.protocol === 'https:'
  const stream = await within(timeout, session.forward(placeOf(url)))
  stream.on('error', () => {})
  // With an agent, also with `agent: false`, node connects by itself from this machine and never calls this.
  const createConnection = () => (tls ? secure(stream, url) : stream) as never
  return within(timeout, exchange(url, { createConnection })).finally(() => stream.destroy())
}

function exchange(url: URL, how: RequestOptions): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = (url.protocol === 'https:' ? requestTls : request)(
      url,
      { ...how, headers: { 'user-agent': 'clonedeploy', connection: 'close' } },
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
    asking.on('error', error => reject(firstOf(error)))
    asking.end()
  })
}

/** Of a name with several addresses, node gathers what each of them came to, and says nothing itself. */
function firstOf(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : error
}

/** The way to the app is the host's own loopback inside our SSH session; the certificate is for the outside's name. */
function secure(socket: Duplex, url: URL): Duplex {
  return connectTls({ socket, servername: isIP(url.hostname) ? '' : url.hostname, rejectUnauthorized: false })
}

/** One question by HTTP. */
export function askHttp(session: Session, step: HealthStep, url: URL, timeout: number): Promise<Health> {
  return ask(step, url, () => get(session, url, timeout))
}

/** The same from this machine, as any client asks: the certificate must be valid. A stop ends it. */
export async function askHttpHere(step: HealthStep, url: URL, timeout: number, stop: Stop): Promise<Health> {
  const over = new AbortController()
  stop.asked.then(() => over.abort())
  const answer = () => within(timeout, exchange(url, { signal: over.signal })).finally(() => over.abort())
  return ask(step, url, answer)
}

async function ask(step: HealthStep, url: URL, get: () => Promise<Answer>): Promise<Health> {
  const began = performance.now()
  try {
    const answer = await get()
    return judged(step, answer, `${answer.status} in ${Math.round(performance.now() - began)} ms`)
  } catch (error) {
    return failed(error, url)
  }
}

/** Status, body, headers, and the release that the app says it serves. */
function judged(step: HealthStep, answer: Answer, note: string): Health {
  const { check } = step
  if (check.kind !== 'http') throw new TypeError('not an http check')
  const { status, body, headers } = answer
  if (status !== check.status) return bad(answer, '')
  if (check.contains !== null && !body.includes(check.contains))
    return bad(answer, `, but the body does not contain "${check.contains}"`)
  const header = wrongHeader(check.headers, headers)
  if (header !== null) return bad(answer, `, but ${header}`)
  if (check.release === null) return { ok: true, note, output: [], served: null }
  const said = check.release === 'body' ? body : headers[check.release.header.toLowerCase()]
  return proven(step, answer, String(said ?? ''), note)
}

/** The answer has to name the release, or its revision. */
function proven({ proofs, others }: HealthStep, answer: Answer, said: string, note: string): Health {
  const [release = ''] = proofs
  if (proofs.some(proof => said.includes(proof)))
    return { ok: true, note: `${note}, serves ${release}`, output: [], served: release }
  const other = others.find(one => one.proofs.some(proof => said.includes(proof)))?.release ?? null
  const instead = other === null ? `it says "${said.trim().slice(0, 80)}"` : `it serves ${other}`
  return {
    ...bad(answer, `, but the app does not say that it serves ${release}: ${instead}`),
    served: other,
  }
}

function bad({ status, body }: Answer, why: string): Health {
  const lines = body.split('\n').filter(line => line.trim() !== '')
  return {
    ok: false,
    note: `${status}${why}`,
    output: lines.slice(0, 5).map(line => `body: ${line}`),
    status,
    served: null,
  }
}

/** A header of the answer that is not as it should be, in words. */
function wrongHeader(wanted: Readonly<Record<string, string>>, headers: Answer['headers']): string | null {
  const wrong = Object.entries(wanted).find(([name, value]) => !String(headers[name] ?? '').includes(value))
  if (wrong === undefined) return null
  const [name, value] = wrong
  const has = headers[name]
  return has === undefined ? `there is no header ${name}` : `${name} is "${String(has).slice(0, 80)}", not "${value}"`
}
