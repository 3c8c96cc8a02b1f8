/** Higher numbers of records are not believed: at one deploy a second they would take 30,000 years. */
export const mostSeq = 1e12

/** The number of a record that goes before all with this number; the highest has nothing above it. */
export function seqAfter(seq: number, steps = 1): number {
  return Math.min(seq + steps, mostSeq)
}

/** How far one host may be ahead of all others: by as many runs as leave them out. */
const mostAhead = 1000

/** The same after those of several hosts. A number far beyond all others is not believed: after it there would be no more. */
export function seqAfterAll(seqs: readonly number[], steps = 1): number {
  const [first = 0, second = first] = [...seqs].sort((a, b) => b - a)
  return seqAfter(first - second > mostAhead ? second : first, steps)
}
