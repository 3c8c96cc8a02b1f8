import { createHash } from 'node:crypto'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import type { Request } from '../../plan/app/requests.js'
import { type Answer, type Asked, type AskedHost, type Compared, comparing } from '../../state/answers/same-answers.js'
import { onEach } from '../each-host.js'
import type { Session } from '../session.js'
import { failed } from './answer.js'
import { type Response, request } from './http.js'

/** A host and how it is asked for each address; null: it cannot be asked for that one. */
export interface Questioned {
  readonly name: string
  readonly session: Session
  /** How it is called, in its answers too. */
  readonly own: readonly string[]
  readonly requests: readonly (Request | null)[]
}

/** An address that all are asked for, as messages name it. */
export type Question = Omit<Asked, 'hosts'>

export interface Asking {
  readonly concurrency: number
  /** Milliseconds for one answer. */
  readonly timeout: number
  /** Hides what nobody may see in what was answered. */
  readonly redact: (text: string) => string
  /** Whether there is no need to go on. */
  readonly isOver: () => boolean
}

/** A moment that is shown by its second is another one the next time. */
const pause = 1100
/** Every host is asked so often; where hosts differ or do not answer, so often again: what is seldom may only seem to be so. */
const [rounds, moreRounds] = [2, 3]

/** Asks all hosts for all addresses, each several times, and compares what they answer. */
export async function askAlike(
  hosts: readonly Questioned[],
  questions: readonly Question[],
  asking: Asking,
): Promise<Compared> {
  const said: Said[][][] = hosts.map(() => questions.map(() => []))
  const ask = async (times: number) => {
    for (let i = 0; i < times && !asking.isOver(); i += 1) {
      if (said[0]?.[0]?.length !== 0) await sleep(pause)
      await onEach(hosts, asking.concurrency, host => askHost(host, said[hosts.indexOf(host)] ?? [], asking))
    }
    return compareInTurn(questions.map((question, i) => ({ ...question, hosts: hosts.map(toldOf(said, i)) })))
  }
  const compared = await ask(rounds)
  const isClear = compared.differences.length === 0 && compared.notes.every(({ missed }) => !missed)
  return isClear ? compared : ask(moreRounds)
}

/** Between two hosts, other things have their turn: a run renews its leases. */
async function compareInTurn(asked: readonly Asked[]): Promise<Compared> {
  const steps = comparing(asked)
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await nextTurn()
  }
}

type Said = Answer | { readonly error: string }

async function askHost({ session, requests }: Questioned, said: readonly Said[][], asking: Asking): Promise<void> {
  for (const [i, one] of requests.entries()) if (one !== null) said[i]?.push(await answerTo(session, one, asking))
}

/** One answer, or why there was none. */
export async function answerTo(session: Session, asked: Request, { timeout, redact }: Asking): Promise<Said> {
  try {
    return answerIn(await request(session, asked, timeout, mostBody), redact)
  } catch (error) {
    return { error: failed(error, asked.url).note }
  }
}

function toldOf(said: readonly Said[][][], question: number) {
  return ({ name, own, requests }: Questioned, host: number): AskedHost => {
    const all = said[host]?.[question] ?? []
    const errors = all.flatMap(one => ('error' in one ? [one.error] : []))
    const error = requests[question] === null ? nowhere : (errors.at(-1) ?? null)
    return { name, own, answers: all.flatMap(one => ('error' in one ? [] : [one])), error }
  }
}

const nowhere = 'it is no address there: its health check asks nothing by HTTP, or a variable is missing'

/** Bytes of a body that are compared word by word; of those behind them, the sum. */
const mostBody = 256 * 1024

function answerIn({ status, headers, bytes, rest }: Response, redact: (text: string) => string): Answer {
  const texts = Object.entries(headers).map(([name, value]) => [name, redact([value ?? ''].flat().join('\n'))])
  const more = rest === null ? '' : `\n(${rest.length} more bytes, sha256 ${rest.sum})`
  return { status, headers: Object.fromEntries(texts), body: redact(`${textOf(bytes)}${more}`) }
}

function textOf(bytes: Buffer): string {
  if (!bytes.includes(0)) return bytes.toString('utf8')
  return `(${bytes.length} bytes that are no text, sha256 ${createHash('sha256').update(bytes).digest('hex')})`
}
