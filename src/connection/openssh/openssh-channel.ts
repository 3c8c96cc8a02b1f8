import { EventEmitter } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { type Field, type Mux, type Reader, reader } from './openssh-mux.js'

/** Message numbers of RFC 4254. */
export const message = {
  open: 90,
  opened: 91,
  refused: 92,
  adjust: 93,
  data: 94,
  extendedData: 95,
  eof: 96,
  close: 97,
  request: 98,
  success: 99,
  failure: 100,
} as const

export const WINDOW = 2 << 20
export const PACKET = 32 << 10

/** A channel of the SSH connection protocol. Emits 'exit' (code, signal) as it is told, and 'close' at its end. */
export interface MuxChannel {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly events: EventEmitter
  /** Bytes that the host takes in one packet. */
  readonly packet: number
  /** Asks for a program, or for a service of sshd. Rejects when the host refuses it. */
  readonly start: (kind: 'exec' | 'subsystem', what: string) => Promise<void>
  readonly take: (type: number, body: Buffer) => void
  readonly close: () => void
  /** The connection under it is gone. */
  readonly lose: () => void
}

/** `body` is the host's confirmation, after our own number. */
export function muxChannel(mux: Mux, confirmation: Reader): MuxChannel {
  const remote = confirmation.number()
  let room = confirmation.number()
  const most = Math.min(PACKET, confirmation.number())
  const events = new EventEmitter()
  let answer: { readonly resolve: () => void; readonly reject: (error: Error) => void } | null = null
  let pending: { bytes: Buffer; readonly done: () => void } | null = null
  let owed = 0
  let sentClose = false
  let over = false

  const flush = () => {
    while (pending && room > 0 && !over && !sentClose) {
      const { bytes, done } = pending
      const part = bytes.subarray(0, Math.min(bytes.length, room, most))
      room -= part.length
      const last = part.length === bytes.length
      pending = last ? null : { bytes: bytes.subarray(part.length), done }
      mux.sendBytes(message.data, [remote], part, last ? done : () => {})
    }
  }
  const stdin = new Writable({
    write(chunk: Buffer, _, done) {
      pending = { bytes: chunk, done }
      flush()
    },
    final(done) {
      if (!over && !sentClose) mux.send(message.eof, remote)
      done()
    },
  })
  const full = new Set<Readable>()
  const output = () => {
    const stream: Readable = new Readable({
      read() {
        full.delete(stream)
        makeRoom()
      },
    })
    return stream
  }
  const makeRoom = () => {
    if (full.size > 0 || owed < WINDOW / 2 || over || sentClose) return
    mux.send(message.adjust, remote, owed)
    owed = 0
  }
  const stdout = output()
  const stderr = output()
  /** More came than we made room for: nobody reads it, and none of it is kept. */
  const overrun = () => {
    close()
    lose()
  }
  const deliver = (stream: Readable, bytes: Buffer) => {
    owed += bytes.length
    if (owed > WINDOW) return overrun()
    if (!stream.destroyed && !stream.push(bytes)) full.add(stream)
    makeRoom()
  }
  const endOutput = () => {
    for (const stream of [stdout, stderr]) if (!stream.destroyed && !stream.readableEnded) stream.push(null)
  }
  const lose = () => {
    if (over) return
    over = true
    endOutput()
    stdin.destroy()
    answer?.reject(new Error('the connection was closed'))
    events.emit('close')
  }
  const close = () => {
    if (over || sentClose) return
    sentClose = true
    mux.send(message.close, remote)
  }
  const told = (request: Reader) => {
    const name = request.text()
    request.flag()
    if (name === 'exit-status') events.emit('exit', request.number(), null)
    if (name === 'exit-signal') events.emit('exit', null, `SIG${request.text()}`)
  }
  const take = (type: number, body: Buffer) => {
    const rest = reader(body)
    switch (type) {
      case message.adjust:
        room += rest.number()
        return flush()
      case message.data:
        return deliver(stdout, rest.bytes())
      case message.extendedData:
        rest.number()
        return deliver(stderr, rest.bytes())
      case message.eof:
        return endOutput()
      case message.request:
        return told(rest)
      case message.success:
        return answer?.resolve()
      case message.failure:
        return answer?.reject(new Error('it refuses to start one'))
      case message.close:
        close()
        return lose()
    }
  }
  const start = (kind: 'exec' | 'subsystem', what: string) =>
    new Promise<void>((resolve, reject) => {
      answer = { resolve, reject }
      ask(mux, remote, kind, what)
    })
  return { stdin, stdout, stderr, events, packet: most, start, take, close, lose }
}

function ask(mux: Mux, remote: number, name: string, ...values: readonly Field[]): void {
  mux.send(message.request, remote, name, true, ...values)
}
