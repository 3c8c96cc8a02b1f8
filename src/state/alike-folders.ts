import type { HostState } from './host-state.js'

/** The names of hosts whose `deployTo` is said to be the same, in groups of two and more. */
export function alikeFolders(states: readonly HostState[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>()
  for (const { name, folder } of states) if (folder !== null) groups.set(folder, [...(groups.get(folder) ?? []), name])
  return [...groups.values()].filter(({ length }) => length > 1)
}
