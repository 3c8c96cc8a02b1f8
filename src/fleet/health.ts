import { request } from 'node:http'
import { request as requestTls } from 'node:https'
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { isForbidden, isRefused } from '../connection/errors.js'
import type { HealthStep } from '../plan/plan.js'
import { placeOf } from './forwarding.js'
import { whereListens } from './listening.js'
import type { Session } from './session.js'
import type { Stop } from './stop.js'

export interface Health {
  readonly ok: boolean
  /** `200 in 12 ms`, or what was wrong. */
  readonly note: string
  readonly output: readonly string[]
  /** The release that the answer named. */
  readonly served: string | null
  /** Nothing listens there. */
  readonly refused?: boolean
}

/** Asks until the answer is right or the time is over: by HTTP from the host itself, or by a command on it. */
export async function checkHealth(session: Session, step: HealthStep, stop: Stop): Promise<Health> {
  const began = performance.now()
  const until = began + step.check.timeout
  for (let tries = 1; ; tries++) {
    const left = until - performance.now()
    const health = await askOnce(session, step, Math.max(250, Math.min(step.check.tryTimeout, left)))
    if (health.ok) return health
    const over = performance.now() + 1000 > until || stop.reason() !== null
    if (over) {
      const seconds = Math.round((performance.now() - began) / 1000)
      const note = `${step.text.replace(/ = .*/, '')} → ${health.note}, ${tries} ${tries === 1 ? 'try' : 'tries'} in ${seconds}s`
      const instead = health.refused ? await listensInstead(session, step) : null
      return { ...health, note: instead === null ? note : `${note}: ${instead}` }
    }
    await new Promise(resolve => setTimeout(resolve, 1000))
  }
}

/** One question. */
export async function askOnce(session: Session, step: HealthStep, timeout: number): Promise<Health> {
  if (!('url' in step.target)) return askCommand(session, step)
  const ask = step.check.kind === 'tcp' ? askTcp : askHttp
  return ask(session, step, step.target.url, timeout)
}

async function listensInstead(session: Session, { root, target }: HealthStep): Promise<string | null> {
  return 'url' in target ? whereListens(session, root, target.url) : null
}

async function askTcp(session: Session, _step: HealthStep, url: URL, timeout: number): Promise<Health> {
  const began = performance.now()
  try {
    const stream = await within(timeout, session.connection().forward(placeOf(url)))
    stream.on('error', () => {})
    stream.destroy()
    return { ok: true, note: `open in ${Math.round(performance.now() - began)} ms`, output: [], served: null }
  } catch (error) {
    return failed(error, url)
  }
}

function failed(error: unknown, url: URL): Health {
  return { ok: false, note: noteOf(error, url), output: [], served: null, refused: isRefused(error) }
}

async function askCommand(session: Session, step: HealthStep): Promise<Health> {
  if (!('script' in step.target)) throw new TypeError('not a command')
  const result = await session.run(step.target.script, { timeout: step.check.tryTimeout + 5000 })
  const output = `${result.stdout}\n${result.stderr}`
    .split('\n')
    .filter(line => line.trim() !== '' && !/^exit \d+$/.test(line))
    .slice(-20)
  if (result.code === 0) return { ok: true, note: `ok in ${Math.round(result.ms)} ms`, output, served: null }
  const code = /exit (\d+)\s*$/.exec(result.stdout.toString('latin1'))?.[1]
  return {
    ok: false,
    note: code === undefined ? (result.lost?.message ?? `exit code ${result.code}`) : `exit code ${code}`,
    output,
    served: null,
  }
}

async function askHttp(session: Session, step: HealthStep, url: URL, timeout: number): Promise<Health> {
  const { check } = step
  if (check.kind !== 'http') throw new TypeError('not an http check')
  const began = performance.now()
  try {
    const answer = await get(session, url, timeout)
    const ms = Math.round(performance.now() - began)
    const bad = (note: string): Health => ({
      ok: false,
      note,
      output: answer.body
        .split('\n')
        .filter(line => line.trim() !== '')
        .slice(0, 5),
      served: null,
    })
    if (answer.status !== check.status) return bad(`${answer.status}`)
    if (check.contains !== null && !answer.body.includes(check.contains))
      return bad(`${answer.status}, but the body does not contain "${check.contains}"`)
    const header = wrongHeader(check.headers, answer.headers)
    if (header !== null) return bad(`${answer.status}, ${header}`)
    if (check.release === null) return { ok: true, note: `${answer.status} in ${ms} ms`, output: [], served: null }
    const said = check.release === 'body' ? answer.body : (answer.headers[check.release.header.toLowerCase()] ?? '')
    const proof = step.proofs.find(one => String(said).includes(one))
    if (proof === undefined) {
      const served = otherNamed(step, String(said))
      const instead = served === null ? `it says "${String(said).trim().slice(0, 80)}"` : `it serves ${served}`
      const note = `${answer.status}, but the app does not say that it serves ${step.proofs[0]}: ${instead}`
      return { ...bad(note), served }
    }
    return {
      ok: true,
      note: `${answer.status} in ${ms} ms, serves ${step.proofs[0]}`,
      output: [],
      served: step.proofs[0] ?? null,
    }
  } catch (error) {
    return failed(error, url)
  }
}

function noteOf(error: unknown, url: URL): string {
  if (isForbidden(error)) return `its sshd does not let us forward to ${url.host}: allow it, or check by a command`
  if (isRefused(error)) return 'connection refused'
  return error instanceof Error ? error.message : String(error)
}

/** A header of the answer that is not as it should be, in words. */
function wrongHeader(wanted: Readonly<Record<string, string>>, headers: Answer['headers']): string | null {
  const wrong = Object.entries(wanted).find(([name, value]) => !String(headers[name] ?? '').includes(value))
  if (wrong === undefined) return null
  const [name, value] = wrong
  const has = headers[name]
  return `but ${name} ${has === undefined ? 'is not among its headers' : `is "${String(has).slice(0, 80)}"`}, not "${value}"`
}

/** The release that an answer names, which is not the one that it should: by its id, or by its revision. */
function otherNamed({ others }: HealthStep, said: string): string | null {
  return others.find(({ proofs }) => proofs.some(proof => said.includes(proof)))?.release ?? null
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: string
}

const mostBody = 64 * 1024

async function get(session: Session, url: URL, timeout: number): Promise<Answer> {
  const tls = url.protocol === 'https:'
  const stream = await within(timeout, session.connection().forward(placeOf(url)))
  stream.on('error', () => {})
  return within(timeout, exchange(stream, url, tls)).finally(() => stream.destroy())
}

function exchange(stream: Duplex, url: URL, tls: boolean): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ask = (tls ? requestTls : request)(
      url,
      {
        createConnection: () => (tls ? secure(stream, url) : stream) as never,
        agent: false,
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

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${Math.round(ms / 1000)}s`)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
