/** How long the protocol waits. docs/protocol.md says why; only tests run with others than `shipped`. */
export interface Times {
  /** Seconds without a renewed lease after which a host that swapped puts itself back. */
  readonly lease: number
  /** Seconds for which an armed host takes the word to swap. */
  readonly deadline: number
}

export const shipped: Times = { lease: 15, deadline: 20 }
