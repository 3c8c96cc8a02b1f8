/** Higher numbers of records are not believed: at one deploy a second they would take 30,000 years. */
export const mostSeq = 1e12

/** The number of a record that goes before all with this number; the highest has nothing above it. */
export function seqAfter(seq: number, steps = 1): number {
  return Math.min(seq + steps, mostSeq)
}
