import type { Config } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import type { HostState } from '../inventory/state.js'
import { type Verify, verify } from '../scripts/verify.js'
import type { ScriptStep } from './plan.js'
import { asDeployed, runOf } from './release-run.js'
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
  const entry = state.releases.find(({ id }) => id === release)
  const whole = entry?.digest == null
  const { config } = asDeployed(today, host, runOf(entry?.run ?? null))
  const ask = { writable: unsealedPaths(config), whole, read }
  return scriptStep(verify(state.root, release, ask), `verify releases/${release}`, 600_000)
}
