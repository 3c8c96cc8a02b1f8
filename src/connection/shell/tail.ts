/** The last bytes of a stream, whatever its length: memory at most twice the cap, cost linear. */
export interface Tail {
  readonly push: (chunk: Uint8Array) => void
  readonly bytes: () => Buffer
}

export function tail(cap: number): Tail {
  let buffer = Buffer.alloc(0)
  let used = 0

  const makeRoom = (extra: number) => {
    if (used + extra <= buffer.length) return
    const keep = Math.min(used, cap)
    const size = Math.min(2 * cap, Math.max(1024, 2 * (keep + extra)))
    const room = size > buffer.length ? Buffer.allocUnsafe(size) : buffer
    buffer.copy(room, 0, used - keep, used)
    buffer = room
    used = keep
  }

  const push = (chunk: Uint8Array) => {
    const last = chunk.length > cap ? chunk.subarray(chunk.length - cap) : chunk
    makeRoom(last.length)
    buffer.set(last, used)
    used += last.length
  }

  return { push, bytes: () => Buffer.from(buffer.subarray(Math.max(0, used - cap), used)) }
}
