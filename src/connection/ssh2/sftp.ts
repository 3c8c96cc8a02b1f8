import type { Traffic } from '../command-loop.js'
import type { Files } from '../connection.js'
import { type Field, fields, messages, type Reader, reader, uint32 } from '../openssh/openssh-mux.js'
import type { Channel, Transport } from '../shell/channel.js'

/** Messages of SFTP, version 3 (draft-ietf-secsh-filexfer-02), as far as they are needed here. */
const message = { init: 1, version: 2, readlink: 19, status: 101, name: 104, extended: 200 } as const
const OK = 0
/** Renames as rename(2) does, also over what is there (OpenSSH's PROTOCOL, 4.3). */
const POSIX_RENAME = 'posix-rename@openssh.com'
/** Bytes of the longest message that is believed: what is longer is a text that something printed there. */
const LONGEST = 1 << 16
/** Messages that answer nothing: a few come too late for their question. */
const MOST_STRAYS = 100

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
  const version = await hello(5000)
  if (version?.type !== message.version || !renames(version.body)) {
    close()
    return null
  }
  return {
    async readlink(path, timeout) {
      const answer = await ask(timeout, message.readlink, path)
      return answer?.type === message.name && answer.body.number() === 1 ? answer.body.text() : null
    },
    async rename(from, to, timeout) {
      const answer = await ask(timeout, message.extended, POSIX_RENAME, from, to)
      return answer && answer.type === message.status && answer.body.number() === OK
    },
  }
}

/** Requests and answers on a channel; an answer is null when it did not come in time, or the channel ended before it. */
function talk(channel: Channel, traffic: Traffic) {
  const waiting = new Map<number, (answer: Answer | null) => void>()
  let over = false
  let next = 0
  let strays = 0
  const settle = (id: number, answer: Answer | null) => {
    waiting.get(id)?.(answer)
    if (!waiting.delete(id)) strays += 1
  }
  const close = () => {
    over = true
    for (const id of waiting.keys()) settle(id, null)
    channel.close()
  }
  for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.on('error', () => {})
  channel.stderr.resume()
  channel.ended.then(close)
  const take = messages(
    answer => {
      const body = reader(answer.subarray(1))
      const type = answer[0] ?? 0
      if (over) return
      settle(type === message.version ? 0 : body.number(), { type, body })
      if (strays > MOST_STRAYS) close()
    },
    LONGEST,
    close,
  )
  channel.stdout.on('data', (chunk: Buffer) => {
    traffic.received += chunk.length
    if (!over) take(chunk)
  })
  const send = (id: number, timeout: number, type: number, rest: Buffer) =>
    new Promise<Answer | null>(resolve => {
      if (over || !channel.stdin.writable) return resolve(null)
      const timer = setTimeout(settle, timeout, id, null)
      waiting.set(id, answer => {
        clearTimeout(timer)
        resolve(answer)
      })
      const packet = fields(Buffer.concat([Buffer.from([type]), rest]))
      traffic.sent += packet.length
      channel.stdin.write(packet)
    })
  return {
    hello: (timeout: number) => send(0, timeout, message.init, uint32(3)),
    async ask(timeout: number, type: number, ...values: readonly Field[]) {
      next += 1
      traffic.roundTrips += 1
      const sent = performance.now()
      const answer = await send(next, timeout, type, fields(next, ...values))
      if (answer !== null) traffic.rtt = Math.min(traffic.rtt, performance.now() - sent)
      return answer
    },
    close,
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
