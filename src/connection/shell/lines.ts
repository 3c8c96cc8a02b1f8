/** Lines as they come out of a script, waited for one at a time. */
export interface Lines {
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
