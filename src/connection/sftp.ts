import type { Channel, Transport } from './channel.js'
import type { Files } from './connection.js'
import type { Traffic } from './live.js'
import { type Field, fields, type Reader, reader, uint32 } from './openssh-wire.js'

/** Messages of SFTP, version 3 (draft-ietf-secsh-filexfer-02), as far as they are needed here. */
const message = { init: 1, version: 2, readlink: 19, status: 101, name: 104, extended: 200 } as const
const OK = 0
/** Renames as rename(2) does, also over what is there (OpenSSH's PROTOCOL, 4.3). */
const POSIX_RENAME = 'posix-rename@openssh.com'
/** Bytes of the longest message that is believed: what is longer is a text that something printed there. */
const LONGEST = 1 << 16

interface Answer {
  readonly type: number
  readonly body: Reader
}

/** Starts SFTP on a channel. Null where the host has none, or none that renames as POSIX does. */
export async function openSftp(
  { openSubsystem }: Pick<Transport, 'openSubsystem'>,
  traffic: Traffic,
): Promise<Files | null> {
  const channel = await openSubsystem?.('sftp').catch(() => null)
  if (!channel) return null
  const { ask, hello, close } = talk(channel, traffic)
  const version = await inTime(5000, hello())
  if (version?.type !== message.version || !renames(version.body)) {
    close()
    return null
  }
  return {
    async readlink(path, timeout) {
      const answer = await inTime(timeout, ask(message.readlink, path))
      return answer?.type === message.name && answer.body.number() === 1 ? answer.body.text() : null
    },
    async rename(from, to, timeout) {
      const answer = await inTime(timeout, ask(message.extended, POSIX_RENAME, from, to))
      return answer && answer.type === message.status && answer.body.number() === OK
    },
  }
}

/** Requests and answers on a channel; an answer is null when the channel ended before it, or says what SFTP does not say. */
function talk(channel: Channel, traffic: Traffic) {
  const waiting = new Map<number, (answer: Answer | null) => void>()
  let over = false
  let next = 0
  const end = () => {
    over = true
    for (const settle of waiting.values()) settle(null)
    waiting.clear()
    channel.close()
  }
  for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.on('error', () => {})
  channel.stderr.resume()
  channel.ended.then(end)
  const take = frames(LONGEST, end, frame => {
    const body = reader(frame.subarray(1))
    const type = frame[0] ?? 0
    const id = type === message.version ? 0 : body.number()
    waiting.get(id)?.({ type, body })
    waiting.delete(id)
  })
  channel.stdout.on('data', (chunk: Buffer) => {
    traffic.received += chunk.length
    if (!over) take(chunk)
  })
  const send = (id: number, type: number, rest: Buffer) =>
    new Promise<Answer | null>(resolve => {
      if (over || !channel.stdin.writable) return resolve(null)
      waiting.set(id, resolve)
      const packet = Buffer.concat([uint32(1 + rest.length), Buffer.from([type]), rest])
      traffic.sent += packet.length
      channel.stdin.write(packet)
    })
  return {
    hello: () => send(0, message.init, uint32(3)),
    ask(type: number, ...values: readonly Field[]) {
      next += 1
      return send(next, type, fields(next, ...values))
    },
    close: end,
  }
}

/** Whether the extensions in a version message have the rename; the version is 3 from whoever has extensions. */
function renames(version: Reader): boolean {
  version.number()
  for (let name = version.text(); name !== ''; name = version.text()) {
    version.text()
    if (name === POSIX_RENAME) return true
  }
  return false
}

/** Cuts a stream into frames, each with its length before it. */
function frames(longest: number, onTooLong: () => void, onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let data: Buffer = Buffer.alloc(0)
  return chunk => {
    data = Buffer.concat([data, chunk])
    while (data.length >= 4) {
      const size = data.readUInt32BE(0)
      if (size > longest) return onTooLong()
      if (data.length < 4 + size) return
      const frame = data.subarray(4, 4 + size)
      data = data.subarray(4 + size)
      onFrame(frame)
    }
  }
}

/** The answer, if it comes in so many milliseconds. */
function inTime<T>(timeout: number, answer: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout
  const late = new Promise<null>(resolve => {
    timer = setTimeout(resolve, timeout, null)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
