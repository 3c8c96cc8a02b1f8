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
  /** Whether hosts are out of service while they change. Not where all change at once: nobody would be left. */
  readonly drains: boolean
  /** What hosts are drained from in their turn. */
  readonly balancers: readonly { readonly name: string; readonly brand: string }[]
  /** Of hosts with a process for each of two ports, by name: the ports that some balancer sends users to. */
  readonly traffic?: Readonly<Record<string, readonly number[]>>
}

/** Why the hosts cannot be taken as the configuration says, and what to do about it. */
export interface RolloutProblem {
  readonly text: string
  readonly fix: string
}

export function allAtOnce(names: readonly string[]): Rollout {
  return { batches: [names], canary: null, minUp: 0, drains: false, balancers: [] }
}

/** What is known beside the hosts of the run. */
interface Stage {
  /** How many hosts it has; less take part where some are left out. */
  readonly hosts?: number
  /** How many of them a share of `minUp` is of. */
  readonly counted?: number
  /** Hosts that take no part, and that the balancers send users to meanwhile. */
  readonly outside?: number
  readonly balancers?: Rollout['balancers']
}

/**
 * Puts the hosts into batches, in their order: never more than `batch` at a time, never so many that fewer than `minUp`
 * are up. Where only some change, the others serve meanwhile: those that change are drained, also if they are one batch.
 */
export function cutIntoBatches(
  seats: readonly Seat[],
  config: Omit<RolloutConfig, 'bake'>,
  { hosts = seats.length, counted = seats.length, outside = 0, balancers = [] }: Stage = {},
): Rollout | RolloutProblem {
  const movers = seats.filter(({ stays }) => !stays)
  const stay = seats.flatMap(({ name, stays }) => (stays ? [name] : []))
  const size = Math.max(1, amountOf(config.batch, movers.length, Math.floor))
  const canary = config.canary !== null && config.canary.hosts < movers.length ? config.canary : null
  const fits = size >= movers.length && canary === null && config.minUp === null
  const othersServe = balancers.length > 0 && (outside > 0 || seats.some(one => one.stays && one.up))
  const inOne = amountOf(config.batch, hosts, Math.floor) >= hosts
  if (fits && inOne && !othersServe) return allAtOnce(seats.map(({ name }) => name))
  const up = seats.filter(one => one.up).length + outside
  const minUp = up === 0 ? 0 : config.minUp === null ? 1 : amountOf(config.minUp, counted, Math.ceil)
  const room = up === 0 ? Number.POSITIVE_INFINITY : up - minUp
  if (room < 1 && movers.some(one => one.up))
    return fits ? allAtOnce(seats.map(({ name }) => name)) : tooFew(up, counted, minUp, config.minUp)
  const first = greedy(canary === null ? [] : movers.slice(0, canary.hosts), size, room)
  const rest = greedy(canary === null ? movers : movers.slice(canary.hosts), size, room)
  const [head = [], ...others] = [...first, ...rest]
  const drains = others.length > 0 || othersServe
  return {
    batches: [[...stay, ...head], ...others],
    canary: canary === null ? null : { ...canary, batches: first.length },
    minUp: drains ? minUp : 0,
    drains,
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
