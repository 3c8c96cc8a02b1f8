import type { Config } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import { substitute } from '../../inventory/substitute.js'
import type { HostState } from '../../state/host-state.js'
import { hookVariables } from './variables.js'

/** The addresses that health checks of a host ask, as far as they can be known before a release and its secrets are. */
export function healthUrls(config: Config, host: Host, state: HostState): readonly URL[] {
  const variables = hookVariables(config, {}, host, state.root, { release: '', revision: null, previous: null })
  return config.health.flatMap(check => {
    if (check.kind === 'command') return []
    if (check.roles !== null && !check.roles.some(role => host.roles.includes(role))) return []
    const text = substitute(check.kind === 'http' ? check.url : `tcp://${check.address}`, variables)
    return URL.canParse(text) ? [new URL(text)] : []
  })
}
