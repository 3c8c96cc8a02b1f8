/** Lines as they come out of a script, waited for one at a time. */
interface Lines {
  readonly push: (chunk: Buffer) => void
  /** `refused`: nothing that came is believed, and what waits is forgotten. */
  readonly end: (refused?: boolean) => void
  readonly next: (timeout: number) => Promise<string | null>
}

/** Linear in what comes, however it is cut. */
export function lines(): Lines {
  const ready: string[] = []
  const waiting: ((line: string | null) => void)[] = []
  let partial: Buffer[] = []
  let ended = false

  const deliver = (end: Buffer) => {
    const line = Buffer.concat([...partial, end]).toString('utf8')
    partial = []
    const waiter = waiting.shift()
    if (waiter) waiter(line)
    else ready.push(line)
  }

  const push = (chunk: Buffer) => {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      deliver(chunk.subarray(from, at))
      from = at + 1
    }
    if (from < chunk.length) partial.push(Buffer.from(chunk.subarray(from)))
  }

  const end = (refused = false) => {
    if (ended) return
    ended = true
    if (refused) ready.length = 0
    else if (partial.length > 0) deliver(Buffer.alloc(0))
    for (const waiter of waiting.splice(0)) waiter(null)
  }

  const next = (timeout: number) => {
    const line = ready.shift()
    if (line !== undefined || ended) return Promise.resolve(line ?? null)
    return new Promise<string | null>(resolve => {
      const waiter = (answer: string | null) => {
        clearTimeout(timer)
        resolve(answer)
      }
      const timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1)
        resolve(null)
      }, timeout)
      waiting.push(waiter)
    })
  }

  return { push, end, next }
}

/** The last bytes of a stream, whatever its length: memory at most twice the cap, cost linear. */
interface Tail {
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
