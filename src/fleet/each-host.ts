import pLimit from 'p-limit'

/** The only loop over hosts: at most `concurrency` at once, and it always goes through all of them. */
export async function onEach<T, R>(
  items: readonly T[],
  concurrency: number,
  act: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const limit = pLimit(Math.max(1, concurrency))
  const settled = await Promise.allSettled(items.map(item => limit(() => act(item))))
  const thrown = settled.find(result => result.status === 'rejected')
  if (thrown) throw thrown.reason
  return settled.map(result => (result as PromiseFulfilledResult<R>).value)
}
