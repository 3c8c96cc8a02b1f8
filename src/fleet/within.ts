/** The outcome of some work, if it comes in time (milliseconds). */
export function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${Math.round(ms / 1000)}s`)), ms)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}
