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
