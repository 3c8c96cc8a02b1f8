import type { Config } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import { processes } from '../../scripts/read/processes.js'
import type { HostState } from '../../state/host-state.js'
import type { ProcessStep } from '../plan.js'
import { onHost } from './on-host.js'

/** Workers that end gracefully need time: as much as the health checks have, and this where there are none. */
const usual = 30_000

/** Asks which processes live in releases. Old ones are a failure only where something was to be restarted. */
export function processStep(config: Config, host: Host, state: HostState, release: string): ProcessStep {
  const within = Math.max(...onHost(config.health, host).map(({ timeout }) => timeout), 0) || usual
  const old = onHost(config.restart, host).length === 0 ? 'warn' : config.oldProcesses
  return {
    kind: 'processes',
    name: 'processes',
    text: `no process of another release is left within ${within / 1000}s`,
    script: processes(state.root),
    release,
    within,
    old,
  }
}
