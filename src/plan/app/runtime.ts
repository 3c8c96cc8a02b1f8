import type { Config } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import { command } from '../../scripts/shell/hook.js'
import type { Script } from '../../scripts/shell/shell.js'
import type { HostState } from '../../state/host-state.js'
import { currentEntry, currentRelease } from '../../state/releases.js'
import { hookVariables, onHost } from './variables.js'

export interface RuntimeStep {
  readonly run: string
  readonly script: Script
  /** Milliseconds that the command has. */
  readonly timeout: number
}

const timeout = 10_000

/** The commands that have to print the same on every host, as hooks of what it serves see it, but without secrets. */
export function runtimeSteps(config: Config, host: Host, state: HostState): readonly RuntimeStep[] {
  if (state.rootKind !== 'folder') return []
  const { current, root } = state
  const folder = current.kind === 'link' && current.resolves ? 'current' : '.'
  const served = {
    release: currentRelease(state) ?? '',
    revision: currentEntry(state)?.revision ?? null,
    previous: null,
  }
  const variables = hookVariables(config, {}, host, root, served)
  return onHost(config.runtime, host).map(({ run }) => {
    return { run, script: command(root, { folder, run, timeout: timeout / 1000 }, variables), timeout }
  })
}
