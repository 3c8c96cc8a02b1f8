import type { Amount, Rollout as RolloutConfig } from '../config/config.js'

/** A host as far as its turn is concerned. */
export interface Seat {
  readonly name: string
  /** Users are served by it now: while it is taken out, there is one less. */
  readonly up: boolean
  /** It serves the release already and is left in peace. */
  readonly stays: boolean
}

/** Who goes when. One batch of all hosts is the rollout at once. */
export interface Rollout {
  readonly batches: readonly (readonly string[])[]
  /** What happens after the first batches; null: nobody goes before the others. */
  readonly canary: (NonNullable<RolloutConfig['canary']> & { readonly batches: number }) | null
  /** How many hosts must be up at any moment; 0: there are no batches, or none is up that could be lost. */
  readonly minUp: number
  /** What hosts are drained from in their turn. */
  readonly balancers: readonly { readonly name: string; readonly brand: string }[]
}

/** Why the hosts cannot be taken as the configuration says, and what to do about it. */
export interface RolloutProblem {
  readonly text: string
  readonly fix: string
}

export function allAtOnce(names: readonly string[]): Rollout {
  return { batches: [names], canary: null, minUp: 0, balancers: [] }
}

/**
 * Puts the hosts into batches, in their order: never more than `batch` at a time, never so many that fewer than `minUp`
 * are up. `counted`: how many hosts a share of `minUp` is of.
 */
export function cutIntoBatches(
  seats: readonly Seat[],
  config: RolloutConfig,
  counted = seats.length,
  balancers: Rollout['balancers'] = [],
): Rollout | RolloutProblem {
  const movers = seats.filter(({ stays }) => !stays)
  const stay = seats.flatMap(({ name, stays }) => (stays ? [name] : []))
  const size = Math.max(1, amountOf(config.batch, movers.length, Math.floor))
  const canary = config.canary !== null && config.canary.hosts < movers.length ? config.canary : null
  if (size >= movers.length && canary === null && config.minUp === null) return allAtOnce(seats.map(({ name }) => name))
  const up = seats.filter(one => one.up).length
  const minUp = up === 0 ? 0 : config.minUp === null ? 1 : amountOf(config.minUp, counted, Math.ceil)
  const room = up === 0 ? Number.POSITIVE_INFINITY : up - minUp
  if (room < 1 && movers.some(one => one.up)) return tooFew(up, counted, minUp, config.minUp)
  const first = greedy(canary === null ? [] : movers.slice(0, canary.hosts), size, room)
  const rest = greedy(canary === null ? movers : movers.slice(canary.hosts), size, room)
  const [head = [], ...others] = [...first, ...rest]
  return {
    batches: [[...stay, ...head], ...others],
    canary: canary === null ? null : { ...canary, batches: first.length },
    minUp: first.length + rest.length > 1 ? minUp : 0,
    balancers,
  }
}

function greedy(seats: readonly Seat[], size: number, room: number): readonly (readonly string[])[] {
  const batches: Seat[][] = []
  for (const seat of seats) {
    const last = batches.at(-1)
    const full =
      last === undefined || last.length >= size || last.filter(({ up }) => up).length + Number(seat.up) > room
    if (full) batches.push([seat])
    else last.push(seat)
  }
  return batches.map(batch => batch.map(({ name }) => name))
}

function amountOf(amount: Amount, total: number, round: (share: number) => number): number {
  if (typeof amount === 'number') return amount
  // Of whole numbers, so that 30% of 10 is 3 and not a bit less.
  return round((Number.parseInt(amount, 10) * total) / 100)
}

function tooFew(up: number, total: number, minUp: number, said: Amount | null): RolloutProblem {
  const have =
    up === total ? `${total} ${total === 1 ? 'host is' : 'hosts are'} up` : `only ${up} of ${total} hosts are up`
  const must = `${minUp} must stay up${said === null ? ' while hosts go in batches' : ` (rollout.minUp: ${JSON.stringify(said)})`}`
  return {
    text: `${have}, and ${must}: no host can be taken out of service`,
    fix:
      said === null
        ? 'bring more hosts up, or say that none has to stay up: rollout: { minUp: 0 }'
        : `set rollout.minUp to ${Math.max(0, up - 1)} or less`,
  }
}
