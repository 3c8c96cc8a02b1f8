/** Lines as they come out of a script, waited for one at a time. */
export interface Lines {
  readonly push: (chunk: Uint8Array) => void
  readonly end: () => void
  readonly next: (timeout: number) => Promise<string | null>
}

export function lines(): Lines {
  const ready: string[] = []
  const waiting: ((line: string | null) => void)[] = []
  let partial = Buffer.alloc(0)
  let ended = false

  const deliver = (line: string) => {
    const waiter = waiting.shift()
    if (waiter) waiter(line)
    else ready.push(line)
  }

  const push = (chunk: Uint8Array) => {
    partial = Buffer.concat([partial, chunk])
    for (let at = partial.indexOf(10); at >= 0; at = partial.indexOf(10)) {
      deliver(partial.toString('utf8', 0, at))
      partial = partial.subarray(at + 1)
    }
  }

  const end = () => {
    if (ended) return
    ended = true
    if (partial.length > 0) deliver(partial.toString('utf8'))
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
