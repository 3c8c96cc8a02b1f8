import type { Config } from '../config/config.js'
import type { Host } from '../inventory/host.js'
import { heal } from '../scripts/prepare/heal.js'
import { type Verify, verify } from '../scripts/read/verify.js'
import type { Claim } from '../scripts/shell/fence.js'
import type { HostState } from '../state/host-state.js'
import { asDeployed, runOf } from './app/release-run.js'
import { unsealedPaths } from './app/touched-files.js'
import type { ScriptStep } from './plan.js'
import { scriptStep } from './transaction.js'

/** Whether a host holds a release as it was sealed; of one without a seal, what its tree is. */
export function verifyStep(
  today: Config,
  host: Host,
  state: HostState,
  release: string,
  read: Verify['read'],
): ScriptStep {
  const whole = entryOf(state, release)?.digest == null
  const ask = { writable: writableOn(today, host, state, release), whole, read }
  return scriptStep(verify(state.root, release, ask), `verify releases/${release}`, 600_000)
}

/** Makes a release that a host does not serve what it was sealed as, from the contents (a tar.gz) that it has lost. */
export function healStep(
  today: Config,
  host: Host,
  state: HostState,
  claim: Claim,
  release: string,
  contents: Uint8Array,
): ScriptStep {
  const script = heal(claim, release, writableOn(today, host, state, release), contents)
  return scriptStep(script, `make releases/${release} whole in a fresh copy`, 1_800_000)
}

function writableOn(today: Config, host: Host, state: HostState, release: string): readonly string[] {
  return unsealedPaths(asDeployed(today, host, runOf(entryOf(state, release)?.run ?? null)).config)
}

function entryOf({ releases }: HostState, release: string) {
  return releases.find(({ id }) => id === release)
}
