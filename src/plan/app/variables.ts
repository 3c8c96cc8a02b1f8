import type { Config } from '../../config/config.js'
import type { Host } from '../../inventory/host.js'
import type { Variables } from '../../scripts/shell/hook.js'

export interface Served {
  readonly release: string
  readonly revision: string | null
  readonly previous: string | null
}

/** What a hook sees: env of the config, secrets, env of the host, and what clonedeploy says of the run. */
export function hookVariables(config: Config, secrets: Variables, host: Host, root: string, served: Served): Variables {
  return {
    ...config.env,
    ...secrets,
    ...host.env,
    ...runVariables(config, served),
    CLONEDEPLOY_HOST: host.name,
    CLONEDEPLOY_RELEASE_PATH: `${root}/releases/${served.release}`,
  }
}

/** The host as a process on this port sees it. */
export function withPort(host: Host, port: number | undefined): Host {
  return port === undefined ? host : { ...host, env: { ...host.env, CLONEDEPLOY_PORT: String(port) } }
}

/** What is the same on every machine. */
export function runVariables({ app, stage }: Config, served: Served): Variables {
  return {
    CLONEDEPLOY_APP: app,
    CLONEDEPLOY_STAGE: stage,
    CLONEDEPLOY_RELEASE: served.release,
    CLONEDEPLOY_REVISION: served.revision ?? '',
    CLONEDEPLOY_PREVIOUS: served.previous ?? '',
  }
}

/** Those that belong on a host, by its roles. */
export function onHost<T extends { readonly roles: readonly string[] | null }>(
  items: readonly T[],
  host: Host,
): readonly T[] {
  return items.filter(item => item.roles === null || item.roles.some(role => host.roles.includes(role)))
}
