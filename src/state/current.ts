import { escapeLine } from '../text/escape.js'
import type { HostState } from './host-state.js'

/** The id that `current` stands for, or its target (as it can be shown) where that is not a release of ours; null: absent. */
export function currentRelease(state: HostState): string | null {
  return state.current.kind === 'link' ? (state.current.release ?? escapeLine(state.current.target)) : null
}

/** The release of the host that `current` points at, as far as it is one. */
export function currentEntry(state: HostState) {
  const { current } = state
  return current.kind === 'link' ? (state.releases.find(release => release.id === current.release) ?? null) : null
}

export function mostCommon(values: readonly (string | null)[]): string | null {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

/** Said of a release by the host that puts it back and does not know why. */
export const unconfirmed = 'put back before the fleet confirmed it'
