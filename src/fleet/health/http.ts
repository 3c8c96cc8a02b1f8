import { createHash } from 'node:crypto'
import { type RequestOptions, request as requestPlain } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Request } from '../../plan/app/requests.js'
import type { HealthStep } from '../../plan/plan.js'
import { within } from '../../time-limit.js'
import { placeOf } from '../read/forwarding.js'
import type { Session } from '../session.js'
import type { Stop } from '../stop.js'
import { failed, type Health } from './answer.js'

/** A response: of its body the beginning, and of the rest how long it is and its sha256. */
export interface Response {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly bytes: Buffer
  readonly rest: { readonly length: number; readonly sum: string } | null
}

interface Answer extends Pick<Response, 'status' | 'headers'> {
  readonly body: string
}

const mostBody = 64 * 1024

/** Asks from the host itself, through its SSH session. Keeps at most `most` bytes of the body. */
export async function request(session: Session, asked: Request, timeout: number, most: number): Promise<Response> {
  const { url } = asked
  const tls = url.protocol === 'https:'
  const stream = await within(timeout, session.forward(placeOf(url)))
  stream.on('error', () => {})
  // With an agent, also with `agent: false`, node connects by itself from this machine and never calls this.
  const createConnection = () => (tls ? secure(stream, url) : stream) as never
  return within(timeout, exchange(asked, { createConnection }, most)).finally(() => stream.destroy())
}

function exchange({ url, method, headers, body }: Request, how: RequestOptions, most: number): Promise<Response> {
  return new Promise((resolve, reject) => {
    const asking = (url.protocol === 'https:' ? requestTls : requestPlain)(
      url,
      { ...how, method, headers: { 'user-agent': 'clonedeploy', connection: 'close', ...headers } },
      response => {
        const kept = beginning(most)
        response.on('data', kept.take)
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, ...kept.end() }),
        )
        response.on('error', reject)
      },
    )
    asking.on('error', error => reject(firstOf(error)))
    asking.end(body ?? undefined)
  })
}

/** The first bytes of what comes, and a sum over the others. */
function beginning(most: number) {
  const chunks: Buffer[] = []
  const sum = createHash('sha256')
  let [length, over] = [0, 0]
  return {
    take(chunk: Buffer): void {
      const first = chunk.subarray(0, most - length)
      const others = chunk.subarray(first.length)
      if (first.length > 0) chunks.push(first)
      if (others.length > 0) sum.update(others)
      length += first.length
      over += others.length
    },
    end: (): Pick<Response, 'bytes' | 'rest'> => ({
      bytes: Buffer.concat(chunks),
      rest: over === 0 ? null : { length: over, sum: sum.digest('hex') },
    }),
  }
}

function getting(url: URL): Request {
  return { method: 'GET', url, headers: {}, body: null }
}

function answerOf({ status, headers, bytes }: Response): Answer {
  return { status, headers, body: bytes.toString('utf8') }
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
  return ask(step, url, async () => answerOf(await request(session, getting(url), timeout, mostBody)))
}

/** The same from this machine, as any client asks: the certificate must be valid. A stop ends it. */
export async function askHttpHere(step: HealthStep, url: URL, timeout: number, stop: Stop): Promise<Health> {
  const over = new AbortController()
  stop.asked.then(() => over.abort())
  const asking = () => within(timeout, exchange(getting(url), { signal: over.signal }, mostBody))
  return ask(step, url, async () => answerOf(await asking().finally(() => over.abort())))
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
