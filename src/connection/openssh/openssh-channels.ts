import { Duplex } from 'node:stream'
import { smallestPacket, tinyPackets } from '../shell/answer-bounds.js'
import { type Channel, endOf, type Transport } from '../shell/channel.js'
import { type MuxChannel, message, muxChannel, PACKET, WINDOW } from './openssh-channel.js'
import { type Field, type Mux, type Reader, reader } from './openssh-mux.js'

/** The channels on one connection of the system's ssh. `lost` says why that is gone; null while it stands. */
export function opensshChannels(
  mux: Mux,
  lost: () => Error | null,
): Pick<Transport, 'openChannel' | 'openSubsystem' | 'forward'> {
  const opening = new Map<number, Opening>()
  const open = new Map<number, MuxChannel>()
  let next = 0

  mux.listen((type, body) => {
    if (body.length < 4) return
    const id = body.readUInt32BE(0)
    const rest = body.subarray(4)
    const asked = opening.get(id)
    if (!asked) return void open.get(id)?.take(type, rest)
    opening.delete(id)
    if (type !== message.opened) return asked.reject(refusal(reader(rest)))
    const channel = muxChannel(mux, reader(rest))
    if (channel.packet < smallestPacket) {
      channel.close()
      return asked.reject(tinyPackets(channel.packet))
    }
    open.set(id, channel)
    channel.events.once('close', () => open.delete(id))
    asked.resolve(channel)
  })
  mux.closed.then(() => {
    for (const asked of opening.values()) asked.reject(gone())
    for (const channel of open.values()) channel.lose()
  })

  const gone = () => lost() ?? new Error('the connection was closed')
  const opened = (kind: string, ...values: readonly Field[]) =>
    new Promise<MuxChannel>((resolve, reject) => {
      if (lost()) return reject(gone())
      next += 1
      opening.set(next, { resolve, reject })
      mux.send(message.open, kind, next, WINDOW, PACKET, ...values)
    })

  const startSession = async (kind: 'exec' | 'subsystem', what: string): Promise<Channel> => {
    const { stdin, stdout, stderr, events, start, close } = await opened('session')
    const ended = endOf(events, stderr, lost)
    await start(kind, what).catch(error => {
      close()
      throw error
    })
    return { stdin, stdout, stderr, ended, close }
  }
  const openChannel = (command: string) => startSession('exec', command)
  const openSubsystem = (name: string) => startSession('subsystem', name)
  const forward: Transport['forward'] = async to => {
    const { stdin, stdout, stderr, close } = await ('socket' in to
      ? opened('direct-streamlocal@openssh.com', to.socket, '', 0)
      : opened('direct-tcpip', to.host, to.port, '127.0.0.1', 0))
    stderr.resume()
    const stream = Duplex.from({ readable: stdout, writable: stdin })
    // A lost connection ends it too soon, perhaps while nobody listens; an error that nobody hears would end the process.
    return stream.on('error', () => {}).once('close', close)
  }
  return { openChannel, openSubsystem, forward }
}

interface Opening {
  readonly resolve: (channel: MuxChannel) => void
  readonly reject: (error: Error) => void
}

const reasons = ['', 'administratively prohibited', 'connect failed', 'unknown channel type', 'resource shortage']

/** A code, and the host's own words. `reason` is the code, as ssh2 gives it. */
function refusal(answer: Reader): Error {
  const reason = answer.number()
  const output = answer.text()
  return Object.assign(new Error(`(SSH) Channel open failure: ${output || reasons[reason] || 'refused'}`), { reason })
}
