import type { Config } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import { appLog, isOfRelease, type LogAsked, type LogSource, logText, serviceLog } from '../../scripts/read/app-log.js'
import { processes } from '../../scripts/read/processes.js'
import type { HostState } from '../../state/host-state.js'
import type { LogStep, ProcessStep } from '../plan.js'
import { hookVariables, onHost, type Served } from './variables.js'

/** How many lines a failure shows. */
const told = 20
const seconds = 5

/** Reads the last lines of the app's log, for a failure; null where nobody said where it is. */
export function logStep(config: Config, host: Host, state: HostState, served: Served): LogStep | null {
  const source = logOf(config, host)
  if (source === null) return null
  return logScript(config, host, state, source, { lines: told, release: null, timeout: seconds }, served)
}

/** Where the app's log is on a host: as the configuration says, or where the first service keeps it that is restarted there. */
export function logOf({ logs, restart }: Config, host: Host): LogSource | null {
  return logs ?? onHost(restart, host).flatMap(({ service }) => serviceLog(service) ?? [])[0] ?? null
}

export function logScript(
  config: Config,
  host: Host,
  state: HostState,
  source: LogSource,
  asked: LogAsked,
  served: Served,
): LogStep {
  return {
    kind: 'log',
    name: 'log',
    text: logText(source),
    script: appLog(state.root, source, asked, hookVariables(config, {}, host, state.root, served)),
    timeout: asked.timeout * 1000 + 3000,
    ofRelease: isOfRelease(source),
  }
}

/** Workers that end gracefully need time: as much as the health checks have, and this where there are none. */
const usual = 30_000

/** Asks which processes live in releases. Old ones are a failure only where something was to be restarted, and none where they go on until the end. */
export function processStep(config: Config, host: Host, state: HostState, release: string, warm = false): ProcessStep {
  const within = Math.max(...onHost(config.health, host).map(({ timeout }) => timeout), 0) || usual
  const old = warm || onHost(config.restart, host).length === 0 ? 'warn' : config.oldProcesses
  return {
    kind: 'processes',
    name: 'processes',
    text: `the processes of other releases have ended within ${within / 1000}s`,
    script: processes(state.root),
    release,
    within,
    old,
  }
}
