import type { HostEntry } from './host.js'

/** Where the hosts of a stage come from. */
export type HostSource =
  | { readonly kind: 'list'; readonly entries: readonly HostEntry[] }
  | DynamicSource
  | { readonly kind: 'embedded'; readonly count: number }

/** Hosts that are known only when they are asked for. */
export type DynamicSource =
  | { readonly kind: 'function'; readonly call: () => unknown }
  | { readonly kind: 'file'; readonly file: string }

/** The hosts web-1 … web-N that run inside this process: their ports are known when they are started. */
export function embeddedEntries(count: number): readonly HostEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    name: `web-${i + 1}`,
    host: '127.0.0.1',
    roles: [],
    deployTo: null,
    env: {},
  }))
}
