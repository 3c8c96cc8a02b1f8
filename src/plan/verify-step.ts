import type { Config } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import type { HostState } from '../inventory/state.js'
import { type Verify, verify } from '../scripts/verify.js'
import type { ScriptStep } from './plan.js'
import { runOn } from './run-of.js'
import { unsealedPaths } from './touched-files.js'
import { scriptStep } from './transaction.js'

/** Whether a host holds a release as it was sealed; of one without a seal, what its tree is. */
export function verifyStep(
  today: Config,
  host: Host,
  state: HostState,
  release: string,
  read: Verify['read'],
): ScriptStep {
  const whole = state.releases.find(({ id }) => id === release)?.digest == null
  const { config } = runOn(today, host, state, release)
  const ask = { writable: unsealedPaths(config), whole, read }
  return scriptStep(verify(state.root, release, ask), `verify releases/${release}`, 600_000)
}
