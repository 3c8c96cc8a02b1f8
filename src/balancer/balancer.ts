import { escapeLines } from '../text/escape.js'

/** What stands before the hosts. What it says when it is read counts, never what it was told. */
export interface Balancer {
  /** As people know it, and no other one of the stage: `HAProxy lb-1 web`. */
  readonly name: string
  /** `HAProxy` */
  readonly brand: string
  /** What `sessions` are in it: users, or processes that answer those they hold and take no others. */
  readonly counts: 'sessions' | 'old workers'
  /** The hosts behind it. */
  readonly hosts: readonly string[]
  /** What a host is called in it: `web/web-3`. */
  readonly serverOf: (host: string) => string
  /** What a person types, or does, to put a host back into service. */
  readonly putBack: (host: string) => string
  /** Rejects with a BalancerError, also where one of the hosts is not known to it. */
  readonly read: (hosts: readonly string[]) => Promise<ReadonlyMap<string, ServerState>>
  /**
   * At one instant for all. The same on any repetition. Rejects with a BalancerError; then it is not known what came of it.
   * `away`: hosts to which nobody is sent from the same instant on.
   */
  readonly tell: (hosts: readonly string[], wanted: Wanted, away?: readonly string[]) => Promise<Moment>
  /** Everything that would keep it from being told, changing nothing. Never rejects. */
  readonly check: () => Promise<readonly BalancerProblem[]>
  /** Whether it can show a page of its own instead of the hosts (`maint`). */
  readonly maintains: boolean
  /** Where hosts have a server for each of two ports: that of the port which serves is the host's in all of the above. */
  readonly ports?: BalancerPorts
}

/** The interval in which something was done, in milliseconds of our clock. */
export interface Moment {
  readonly from: number
  readonly to: number
}

export interface BalancerPorts {
  /** By host, what is said of the server of each of its ports. */
  readonly read: (hosts: readonly string[]) => Promise<ReadonlyMap<string, ReadonlyMap<number, ServerState>>>
  /** Sends the users of each host to this port, and nobody to the other one; `drain`: the host is out, and is so on this port. */
  readonly flip: (to: ReadonlyMap<string, number>, wanted?: 'ready' | 'drain') => Promise<Moment>
  /** From now on the host is the server of this port. */
  readonly serve: (host: string, port: number) => void
}

/** `drain`: no new users, those who are there may end. `maint`: nobody at all. */
export type Wanted = 'ready' | 'drain' | 'maint'

export interface ServerState {
  /** What it was told to be, by whomever; `unknown` where a balancer cannot be read. */
  readonly state: Wanted | 'unknown'
  /** Whether new users are sent to it now. */
  readonly up: boolean
  /** As the balancer counts them; null: cannot be counted. */
  readonly sessions: number | null
}

/** Of the ports of a host, those that users are sent to (or those that were drained); first those on which it finds somebody. */
export function readyPorts(
  states: ReadonlyMap<number, ServerState> | undefined,
  wanted: 'ready' | 'drain' = 'ready',
): readonly number[] {
  const found = [...(states ?? [])].filter(([, { state }]) => state === wanted)
  return found.toSorted(([, a], [, b]) => Number(b.up) - Number(a.up)).map(([port]) => port)
}

export interface BalancerProblem {
  readonly text: string
  readonly fix: string | null
}

/** A balancer that could not be read or told. The message names it; what it quotes of the balancer is fit to be shown. */
export class BalancerError extends Error {
  override name = 'BalancerError'
  readonly fix: string | null
  /** What could not be asked at all: `HAProxy`. */
  readonly gone: string | null

  constructor(
    message: string,
    options: { readonly fix?: string; readonly gone?: string; readonly cause?: unknown } = {},
  ) {
    super(escapeLines(message).join('\n'), { cause: options.cause })
    this.fix = options.fix ?? null
    this.gone = options.gone ?? null
  }
}

/** The state of one of several servers, or the complaint that there is none. */
export function stateOf(states: ReadonlyMap<string, ServerState>, host: string): ServerState {
  const state = states.get(host)
  if (state === undefined) throw new TypeError(`${host} was not read`)
  return state
}
