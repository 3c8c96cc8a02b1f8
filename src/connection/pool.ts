import type { Live } from './command-loop.js'

/** The channels of one connection: opened when they are needed, at most so many, used by one script at a time. */
interface Pool {
  /** A free channel. Rejects when none can be opened or none is free in time. */
  readonly take: (timeout: number) => Promise<Live>
  readonly give: (live: Live, reusable: boolean) => void
  readonly opened: () => number
}

interface Waiter {
  readonly resolve: (live: Live) => void
  readonly reject: (error: Error) => void
}

export function pool(open: () => Promise<Live>, most: number, tooLate: () => Error): Pool {
  const idle: Live[] = []
  const waiting: Waiter[] = []
  let opened = 0

  const serve = () => {
    while (waiting.length > 0) {
      const live = idle.pop()
      if (live?.alive()) waiting.shift()?.resolve(live)
      else if (live) opened -= 1
      else if (opened < most) openFor(waiting.shift() as Waiter)
      else return
    }
  }

  const openFor = (waiter: Waiter) => {
    opened += 1
    open().then(waiter.resolve, error => {
      opened -= 1
      // A host may allow fewer sessions than we would use: then the ones that are open serve everybody.
      if (opened > 0) {
        most = opened
        waiting.unshift(waiter)
      } else {
        waiter.reject(error)
      }
      serve()
    })
  }

  const take = (timeout: number) =>
    new Promise<Live>((resolve, reject) => {
      let late = false
      const timer = setTimeout(() => {
        late = true
        const at = waiting.indexOf(waiter)
        if (at >= 0) waiting.splice(at, 1)
        reject(tooLate())
      }, timeout)
      const waiter: Waiter = {
        resolve: live => {
          clearTimeout(timer)
          if (late) give(live, true)
          else resolve(live)
        },
        reject: error => {
          clearTimeout(timer)
          reject(error)
        },
      }
      waiting.push(waiter)
      serve()
    })

  const give = (live: Live, reusable: boolean) => {
    if (reusable && live.alive()) {
      idle.push(live)
    } else {
      live.close()
      opened -= 1
    }
    serve()
  }

  return { take, give, opened: () => opened }
}

/** Lets at most so many tasks run at once; the others wait in line. */
export type Slots = <T>(task: () => Promise<T>) => Promise<T>

export function slots(most: number): Slots {
  const line: (() => void)[] = []
  let taken = 0
  return async task => {
    if (taken < most) taken += 1
    else await new Promise<void>(resolve => line.push(resolve))
    try {
      return await task()
    } finally {
      const next = line.shift()
      if (next) next()
      else taken -= 1
    }
  }
}
