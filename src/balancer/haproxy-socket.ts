import type { Duplex } from 'node:stream'
import { BalancerError } from './balancer.js'
import type { Door } from './door.js'

const patience = 10_000
/** Bytes: more than ten thousand servers have to say. */
const most = 8_000_000

/** Asks HAProxy's runtime API over the SSH connection; commands are parted by `;`. Asked again once where the connection was lost: every command is the same on repetition. */
export async function askHaproxy(door: Door, socket: string, commands: readonly string[]): Promise<string> {
  return ask(door, socket, commands).catch(error => {
    if (error instanceof BalancerError && error.fix !== null) throw error
    door.close()
    return ask(door, socket, commands)
  })
}

async function ask(door: Door, socket: string, commands: readonly string[]): Promise<string> {
  const connection = await door.open().catch(error => {
    throw unreachable(door, error)
  })
  const stream = await within(connection.forward({ socket })).catch(error => {
    throw refused(door, socket, error)
  })
  try {
    return await within(answer(stream, `${commands.join(';')}\n`))
  } catch (error) {
    throw new BalancerError(`HAProxy on ${door.host.name} did not answer: ${messageOf(error)}`, { cause: error })
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
    stream.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')))
    stream.once('error', reject)
    stream.once('close', () => reject(new Error('the connection was lost')))
    stream.write(question)
  })
}

function unreachable({ host }: Door, error: unknown): BalancerError {
  const fix = (error as { readonly next?: readonly string[] }).next?.at(-1)
  return new BalancerError(`the balancer ${host.name} was not reached: ${messageOf(error)}`, {
    cause: error,
    ...(fix === undefined ? {} : { fix }),
  })
}

function refused({ host }: Door, socket: string, error: unknown): BalancerError {
  return new BalancerError(`HAProxy cannot be asked at ${socket} on ${host.name}: ${messageOf(error)}`, {
    fix: `on ${host.name}: is that its admin socket, may the login use it (stats socket ${socket} mode 660 group … level admin), and does sshd allow AllowStreamLocalForwarding?`,
    cause: error,
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${patience / 1000}s`)), patience)
  })
  work.catch(() => {})
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
