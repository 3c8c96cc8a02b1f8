import type { Duplex } from 'node:stream'
import { within } from '../time-limit.js'
import { BalancerError, type Moment, type ServerState } from './balancer.js'
import type { Machine } from './machine.js'

const patience = 10_000
/** Bytes: more than ten thousand servers have to say. */
const most = 8_000_000

interface Answer {
  readonly text: string
  /** When it was asked and answered, without the way there and back. */
  readonly at: Moment
}

/** Bytes of a line: HAProxy reads it into a buffer of 16 kB (`tune.bufsize`), and does nothing of what does not fit. */
const longestLine = 15_000

/** Asks HAProxy's runtime API over the SSH connection; commands are parted by `;`. Asked again once where the connection was lost: every command is the same on repetition. */
export async function askHaproxy(door: Machine, socket: string, commands: readonly string[]): Promise<Answer> {
  const answers: Answer[] = []
  for (const line of linesOf(commands))
    answers.push(
      await ask(door, socket, line).catch(error => {
        if (error instanceof BalancerError && error.fix !== null) throw error
        door.close()
        return ask(door, socket, line)
      }),
    )
  const now = performance.now()
  const at = { from: answers[0]?.at.from ?? now, to: answers.at(-1)?.at.to ?? now }
  return { text: answers.map(({ text }) => text).join(''), at }
}

function linesOf(commands: readonly string[]): readonly string[] {
  const lines: string[] = []
  for (const command of commands) {
    const last = lines.at(-1)
    if (last === undefined || last.length + command.length >= longestLine) lines.push(command)
    else lines[lines.length - 1] = `${last};${command}`
  }
  return lines
}

async function ask(door: Machine, socket: string, line: string): Promise<Answer> {
  const connection = await door.open().catch(error => {
    throw unreachable(door, error)
  })
  const stream = await within(patience, connection.forward({ socket })).catch(error => {
    throw refused(door, socket, error)
  })
  try {
    const sent = performance.now()
    const text = await within(patience, answer(stream, `${line}\n`))
    const over = performance.now()
    const way = Math.min(connection.rtt(), over - sent) / 2
    return { text, at: { from: sent + way, to: over - way } }
  } catch (error) {
    throw new BalancerError(`HAProxy on ${door.host.name} did not answer: ${messageOf(error)}`, {
      gone: 'HAProxy',
      cause: error,
    })
  } finally {
    stream.destroy()
  }
}

function answer(stream: Duplex, question: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > most) stream.destroy(new Error(`it said more than ${most / 1e6} MB`))
      else chunks.push(chunk)
    })
    // It answers each command by a line at least: nothing at all is no yes.
    stream.once('end', () =>
      size === 0 ? reject(new Error('the connection was lost')) : resolve(Buffer.concat(chunks).toString('utf8')),
    )
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('the connection was lost')))
    stream.write(question)
  })
}

function unreachable({ host }: Machine, error: unknown): BalancerError {
  const fix = (error as { readonly next?: readonly string[] }).next?.at(-1)
  return new BalancerError(`the balancer ${host.name} was not reached: ${messageOf(error)}`, {
    gone: 'HAProxy',
    cause: error,
    ...(fix === undefined ? {} : { fix }),
  })
}

function refused({ host }: Machine, socket: string, error: unknown): BalancerError {
  return new BalancerError(`HAProxy cannot be asked at ${socket} on ${host.name}: ${messageOf(error)}`, {
    fix: `on ${host.name}: is that its admin socket, may the login use it (stats socket ${socket} mode 660 group … level admin), and does sshd allow AllowStreamLocalForwarding?`,
    gone: 'HAProxy',
    cause: error,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Bits of `srv_admin_state`: maintenance that was said here, inherited, or by DNS; drain that was said here, or inherited. */
const maint = 0x01 | 0x02 | 0x20
const drain = 0x08 | 0x10

/** What `show servers state` and `show stat` say of the servers of a backend, by their names; none of one that says no numbers. */
export function readServers(answer: string, backend: string): ReadonlyMap<string, ServerState> {
  const sessions = sessionsIn(answer, backend)
  const lines = answer.split('\n')
  const heading = lines.find(line => line.startsWith('# be_id ')) ?? ''
  const column = (name: string) => heading.slice(2).split(' ').indexOf(name)
  const at = {
    backend: column('be_name'),
    name: column('srv_name'),
    running: column('srv_op_state'),
    admin: column('srv_admin_state'),
    weight: column('srv_uweight'),
  }
  const rows = lines.map(line => line.split(' ')).filter(fields => fields[at.backend] === backend && fields.length > 6)
  return new Map(
    rows.flatMap(fields => {
      const name = fields[at.name] ?? ''
      const [admin, weight] = [whole(fields[at.admin]), whole(fields[at.weight])]
      if (admin === null || weight === null) return []
      const told = stateOf(admin, weight)
      // 0: stopped, 3: going down softly.
      const runs = ['1', '2'].includes(fields[at.running] ?? '')
      return [[name, { state: told, up: told === 'ready' && runs, sessions: sessions.get(name) ?? null }] as const]
    }),
  )
}

/** A weight of 0 keeps new users away as a drain does. */
function stateOf(admin: number, weight: number): 'ready' | 'drain' | 'maint' {
  if ((admin & maint) !== 0) return 'maint'
  return (admin & drain) !== 0 || weight === 0 ? 'drain' : 'ready'
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null
}

/** Users that are served or wait in line; null: it does not say. */
function sessionsIn(answer: string, backend: string): ReadonlyMap<string, number | null> {
  const lines = answer.split('\n')
  const start = lines.findIndex(line => line.startsWith('# pxname,'))
  const columns = (lines[start] ?? '').slice(2).split(',')
  const of = (fields: readonly string[], name: string) => whole(fields[columns.indexOf(name)] || '0')
  const both = (fields: readonly string[]) => {
    const [served, waiting] = [of(fields, 'scur'), of(fields, 'qcur')]
    return served === null || waiting === null ? null : served + waiting
  }
  const rows = lines.slice(start + 1).map(line => line.split(','))
  return new Map(rows.flatMap(fields => (fields[0] === backend ? [[fields[1] ?? '', both(fields)] as const] : [])))
}
