import type { Writable } from 'node:stream'
import type { Channel, ChannelEnd } from './shell/channel.js'
import { bootstrap, freshNonce } from './shell/request.js'

/** A channel on which the command loop runs. One request at a time listens to it. */
export interface Live {
  readonly nonce: string
  /** Texts that its shell keeps, and the variables that hold them. */
  readonly kept: Map<string, string>
  /** Settles when the bytes are flushed, or when the channel is gone; never rejects. */
  readonly write: (data: Uint8Array | string) => Promise<void>
  readonly listen: (listener: LiveListener | null) => void
  readonly ended: Promise<ChannelEnd>
  readonly alive: () => boolean
  readonly close: () => void
}

interface LiveListener {
  readonly stdout: (chunk: Buffer) => void
  readonly stderr: (chunk: Buffer) => void
}

/** What went over a connection, in all its channels. */
export interface Traffic {
  /** Bytes, before encryption. */
  sent: number
  received: number
  /** How often something was asked and its answer waited for. */
  roundTrips: number
  /** Milliseconds that the quickest answer took. */
  rtt: number
}

export function noTraffic(): Traffic {
  return { sent: 0, received: 0, roundTrips: 0, rtt: Number.POSITIVE_INFINITY }
}

/** `first`: what the shell runs before the loop. */
export async function openLive(
  open: (command: string) => Promise<Channel>,
  traffic: Traffic,
  first: string,
): Promise<Live> {
  const nonce = freshNonce()
  const channel = await open(bootstrap(nonce, first))
  let listener: LiveListener | null = null
  let flowing = false
  let alive = true
  const ended = channel.ended.then(end => {
    alive = false
    return end
  })

  const listen = (next: LiveListener | null) => {
    listener = next
    if (flowing) return
    flowing = true
    channel.stdout.on('data', (chunk: Buffer) => {
      traffic.received += chunk.length
      listener?.stdout(chunk)
    })
    channel.stderr.on('data', (chunk: Buffer) => {
      traffic.received += chunk.length
      listener?.stderr(chunk)
    })
  }
  // Their errors are told by `ended`; without a listener they would end the process.
  for (const stream of [channel.stdin, channel.stdout, channel.stderr]) stream.on('error', () => {})

  const write = (data: Uint8Array | string) => {
    if (!alive || !channel.stdin.writable) return Promise.resolve()
    traffic.sent += data.length
    return Promise.race([flushed(channel.stdin, data), ended.then(() => {})])
  }

  const close = () => {
    alive = false
    listener = null
    channel.close()
  }

  return { nonce, kept: new Map(), write, listen, ended, alive: () => alive, close }
}

function flushed(stream: Writable, data: Uint8Array | string): Promise<void> {
  return new Promise(resolve => {
    stream.write(data, () => resolve())
  })
}
