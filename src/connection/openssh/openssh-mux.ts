import { connect, type Socket } from 'node:net'

const HELLO = 0x1
const VERSION = 4
const ASK_PROXY = 0x1000000f
const IS_PROXY = 0x8000000f
/** No packet of OpenSSH is longer than a quarter of it. */
const LONGEST = 1 << 20

/** The messages of the SSH connection protocol, carried by an ssh that is logged in. */
export interface Mux {
  readonly send: (type: number, ...values: readonly Field[]) => void
  /** A message that ends in bytes of any length. Calls back once they are handed over. */
  readonly sendBytes: (type: number, values: readonly Field[], bytes: Uint8Array, done: () => void) => void
  readonly listen: (listener: (type: number, message: Buffer) => void) => void
  readonly closed: Promise<void>
  readonly close: () => void
}

/**
 * Becomes a client of a master's control socket, in proxy mode (PROTOCOL.mux, OpenSSH 7.4): the master only numbers
 * the channels and passes the messages on, so that no process is needed for a channel, and none can fall back to a
 * connection of its own. Rejects when the master does not answer in time.
 */
export function openMux(path: string, timeout: number): Promise<Mux> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    let listener: (type: number, message: Buffer) => void = () => {}
    let state: 'greeting' | 'proxy' = 'greeting'
    const closed = new Promise<void>(over => socket.once('close', () => over()))
    const fail = (error: Error) => {
      clearTimeout(timer)
      socket.destroy()
      reject(error)
    }
    const timer = setTimeout(() => fail(new Error('the control socket of ssh does not answer')), timeout)
    socket.on('error', fail)
    closed.then(() => fail(new Error('the control socket of ssh was closed')))
    socket.write(framed(fields(HELLO, VERSION)))
    socket.write(framed(fields(ASK_PROXY, 0)))
    const greet = (message: Buffer) => {
      const answer = reader(message)
      const type = answer.number()
      if (type === HELLO) return
      if (type !== IS_PROXY) return fail(new Error('this ssh is too old: it has no proxy mode (OpenSSH 7.4 has)'))
      state = 'proxy'
      clearTimeout(timer)
      resolve({ ...sender(socket), listen, closed, close: () => socket.destroy() })
    }
    const listen = (next: typeof listener) => {
      listener = next
    }
    socket.on(
      'data',
      messages(
        message => {
          if (state === 'greeting') greet(message)
          else listener(message[1] ?? 0, message.subarray(2))
        },
        LONGEST,
        () => fail(new Error('the control socket of ssh says what no ssh says')),
      ),
    )
  })
}

function sender(socket: Socket): Pick<Mux, 'send' | 'sendBytes'> {
  const head = (type: number) => Buffer.from([0, type])
  return {
    send(type, ...values) {
      if (socket.writable) socket.write(framed(Buffer.concat([head(type), fields(...values)])))
    },
    sendBytes(type, values, bytes, done) {
      const before = Buffer.concat([head(type), fields(...values), uint32(bytes.length)])
      if (!socket.writable) return
      socket.cork()
      socket.write(Buffer.concat([uint32(before.length + bytes.length), before]))
      socket.write(bytes, () => done())
      socket.uncork()
    },
  }
}

function framed(message: Buffer): Buffer {
  return Buffer.concat([uint32(message.length), message])
}

/** A value in an SSH message: a number is a uint32; text and bytes go with their length before them. */
export type Field = number | boolean | string | Uint8Array

export function fields(...values: readonly Field[]): Buffer {
  return Buffer.concat(values.map(encode))
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function encode(value: Field): Uint8Array {
  if (typeof value === 'number') return uint32(value)
  if (typeof value === 'boolean') return Buffer.from([value ? 1 : 0])
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([uint32(bytes.length), bytes])
}

/** Reads a message from its beginning; what is not there reads as nothing. */
export interface Reader {
  readonly number: () => number
  readonly flag: () => boolean
  readonly bytes: () => Buffer
  readonly text: () => string
}

export function reader(message: Buffer): Reader {
  let at = 0
  const number = () => {
    at += 4
    return at <= message.length ? message.readUInt32BE(at - 4) : 0
  }
  const bytes = () => {
    const length = number()
    at += length
    return message.subarray(at - length, at)
  }
  const flag = () => {
    at += 1
    return message[at - 1] === 1
  }
  return { number, flag, bytes, text: () => bytes().toString('utf8') }
}

/** Cuts a stream into messages, each with its length before it. Linear in what comes. A message of more than `longest` bytes is none. */
export function messages(
  onMessage: (message: Buffer) => void,
  longest = Number.POSITIVE_INFINITY,
  onTooLong: () => void = () => {},
): (chunk: Buffer) => void {
  let held: Buffer[] = []
  let length = 0
  return chunk => {
    held.push(chunk)
    length += chunk.length
    if (length < 4) return
    if (sizeOf(held) > longest) return onTooLong()
    if (length < 4 + sizeOf(held)) return
    let data = Buffer.concat(held, length)
    while (data.length >= 4 && data.length >= 4 + data.readUInt32BE(0)) {
      const end = 4 + data.readUInt32BE(0)
      const message = data.subarray(4, end)
      data = data.subarray(end)
      onMessage(message)
    }
    held = data.length > 0 ? [data] : []
    length = data.length
  }
}

function sizeOf(held: Buffer[]): number {
  const first = held[0] as Buffer
  if (first.length >= 4) return first.readUInt32BE(0)
  const joined = Buffer.concat(held)
  held.splice(0, held.length, joined)
  return joined.readUInt32BE(0)
}
