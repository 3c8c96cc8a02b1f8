import type { Host } from '../../inventory/host.js'

/** Those that belong on a host, by its roles. */
export function onHost<T extends { readonly roles: readonly string[] | null }>(
  items: readonly T[],
  host: Host,
): readonly T[] {
  return items.filter(item => item.roles === null || item.roles.some(role => host.roles.includes(role)))
}
