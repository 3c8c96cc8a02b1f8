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
