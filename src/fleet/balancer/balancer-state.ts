import type { Balancer } from '../../balancer/balancer.js'
import type { BalancerConfig } from '../../config/config.js'
import type { DrainRecord } from '../../state/host-state.js'

/** What stands before the hosts of a run, and what the run has done to it so far. */
export interface RunBalancers {
  readonly balancers: readonly Balancer[]
  /** The same balancers, for the hosts that take no part and go on serving. */
  readonly outside: readonly Balancer[]
  /** The same balancers, for all hosts that take no part, as far as they know them. */
  readonly absent: readonly Balancer[]
  /** Places that somebody else has taken out of service: they stay as they are. Looked at again before each change. */
  readonly others: Set<string>
  readonly limits: Pick<BalancerConfig, 'drainTimeout' | 'readyTimeout' | 'settle'>
  /** Whether all hosts of the stage take part. */
  whole: boolean
  readonly seq: number
  readonly by: string
  readonly at: string
  /** Of a run that died and has drained hosts that are still not back. */
  readonly left: DrainRecord | null
  /** The hosts hold our record. */
  recorded: boolean
  /** One that could not be asked any more: `HAProxy`. */
  gone: string | null
  /** Hosts that an earlier run has drained. */
  readonly drainedBefore: ReadonlySet<string>
  /** Hosts that this run has drained and not yet made ready. */
  readonly drained: Set<string>
  /** Where hosts were put back into service, by host: `HAProxy web/web-3`. */
  readonly back: Map<string, string>
}
