import { UsageError } from '../errors.js'
import { didYouMean } from '../text/suggest.js'
import type { Host } from './host.js'

export interface Selection {
  /** Names (or addresses) of the hosts to take; all when absent or empty. */
  readonly only?: readonly string[]
  readonly except?: readonly string[]
  /** Hosts with at least one of these roles; all when absent or empty. */
  readonly roles?: readonly string[]
}

/** The hosts that the flags ask for, in the inventory's order. Throws UsageError for an unknown name, or when none is left. */
export function selectHosts(hosts: readonly Host[], selection: Selection): readonly Host[] {
  const { only = [], except = [], roles = [] } = selection
  refuseUnknown([...only, ...except], hosts)
  refuseUnknownRoles(roles, hosts)
  const chosen = hosts
    .filter(host => only.length === 0 || only.some(word => isMeant(host, word, hosts)))
    .filter(host => !except.some(word => isMeant(host, word, hosts)))
    .filter(host => roles.length === 0 || host.roles.some(role => roles.includes(role)))
  if (chosen.length === 0) throw new UsageError('No host is left to work on.', { details: [inventoryLine(hosts)] })
  return chosen
}

/** By its name; by its address only where no host has that for a name. */
function isMeant(host: Host, word: string, hosts: readonly Host[]): boolean {
  return hosts.some(({ name }) => name === word) ? host.name === word : host.host === word
}

function refuseUnknown(words: readonly string[], hosts: readonly Host[]): void {
  const unknown = words.filter(word => !hosts.some(host => isMeant(host, word, hosts)))
  if (unknown.length === 0) return
  const known = hosts.flatMap(host => [host.name, host.host])
  throw new UsageError(unknown.length === 1 ? 'There is no such host.' : 'There are no such hosts.', {
    details: [
      ...unknown.map(word => `"${word}" is not in the inventory${didYouMean(word, known)}`),
      inventoryLine(hosts),
    ],
  })
}

function refuseUnknownRoles(roles: readonly string[], hosts: readonly Host[]): void {
  const known = [...new Set(hosts.flatMap(host => host.roles))]
  const unknown = roles.filter(role => !known.includes(role))
  if (unknown.length === 0) return
  throw new UsageError(unknown.length === 1 ? 'There is no such role.' : 'There are no such roles.', {
    details: [
      ...unknown.map(role => `no host has the role "${role}"${didYouMean(role, known)}`),
      known.length === 0 ? 'no host has a role' : `roles: ${known.join(', ')}`,
    ],
  })
}

function inventoryLine(hosts: readonly Host[]): string {
  return `hosts: ${hosts.map(host => host.name).join(', ') || 'none'}`
}
