/** How long a host's answers took, one after the other, in milliseconds. */
export type RoundTrips = readonly number[]

/** Round trips to a host: several where a busy machine must not be taken for a distant one. */
export async function roundTrips(count: number, ask: () => Promise<unknown>): Promise<RoundTrips> {
  const took: number[] = []
  while (took.length < count) {
    const sent = performance.now()
    await ask()
    took.push(performance.now() - sent)
  }
  return took
}

/**
 * By how many milliseconds the word to the farthest host goes ahead of that to each of these, so that it arrives everywhere at
 * once. A host is farther only as far as each of its answers took longer than the other's: those of a busy machine take longer
 * now and then, and a word that waits for a timer there comes later still.
 */
export function headStarts(hosts: readonly RoundTrips[]): readonly number[] {
  const [farthest = []] = hosts.toSorted((one, other) => Math.min(...other) - Math.min(...one))
  return hosts.map(host => {
    const longer = farthest.slice(0, host.length).map((took, n) => took - (host[n] ?? 0))
    return Math.max(0, Math.min(...longer) / 2)
  })
}
