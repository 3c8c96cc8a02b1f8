import { isOurs, newestFirst } from '../release/id.js'
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

/** A release that was started beside the one that serves, and has no users: by the note of it, or by the link of its port. */
export function releaseBeside(state: HostState): string | null {
  const serves = currentRelease(state)
  return state.warm ?? Object.values(state.ports).find(release => release !== serves) ?? null
}

export function mostCommon(values: readonly (string | null)[]): string | null {
  const counts = new Map<string, number>()
  for (const value of values) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null
}

type Presence = 'current' | 'intact' | 'missing' | 'bad' | 'foreign'

/** Releases × hosts, newest first. */
export function listReleases(app: string, stage: string, states: readonly HostState[]) {
  const confirmed = confirmedReleases(states)
  const ids = newestFirst(new Set(states.flatMap(state => state.releases.map(({ id }) => id))))
  return {
    app,
    stage,
    hosts: states.map(({ name }) => name),
    releases: ids.map(id => {
      const entries = states.flatMap(state => state.releases.filter(release => release.id === id))
      const sealed = entries.find(({ by }) => by !== null)
      return {
        id,
        when: sealed?.at ?? whenOf(id),
        who: sealed?.by ?? null,
        revision: entries.find(({ revision }) => revision !== null)?.revision ?? null,
        origin: entries.find(({ origin }) => origin !== undefined)?.origin ?? null,
        bad: entries.find(({ bad }) => bad !== null)?.bad ?? null,
        confirmed: confirmed.has(id),
        hosts: states.map(state => ({ name: state.name, state: presence(state, id) })),
      }
    }),
  }
}

function presence(state: HostState, id: string): Presence {
  const entry = state.releases.find(release => release.id === id)
  if (entry === undefined) return 'missing'
  if (currentRelease(state) === id) return 'current'
  if (entry.bad !== null) return 'bad'
  return entry.digest === null ? 'foreign' : 'intact'
}

/** The time that an id of ours or Capistrano's tells, UTC. */
function whenOf(id: string): string | null {
  const found = /^(\d{4})(\d{2})(\d{2})-?(\d{2})(\d{2})(\d{2})/.exec(id)
  if (found === null) return null
  const [, year, month, day, hour, minute, second] = found
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`
}

/**
 * Releases that the fleet has once confirmed, by the mark or the record of any host: only these can be gone back to. What
 * another tool made (Capistrano) was served before us; in our naming, what has no seal is a deploy that died, unless it is served.
 */
export function confirmedReleases(states: readonly HostState[]): ReadonlySet<string> {
  const recorded = states.flatMap(({ fleet }) => (fleet === null ? [] : [fleet.release, fleet.previous]))
  const held = states.flatMap(({ releases }) => releases)
  const marked = held.filter(({ confirmed }) => confirmed)
  const sealed = new Set(held.filter(({ digest }) => digest !== null).map(({ id }) => id))
  const served = new Set(states.map(currentRelease))
  const foreign = held.filter(({ id }) => !sealed.has(id) && (!isOurs(id) || served.has(id)))
  return new Set([...recorded.filter(id => id !== null), ...[...marked, ...foreign].map(({ id }) => id)])
}

/** The commit of a release, by the revision that hosts have of it; null: it was made of a folder, and that is its digest. */
export function commitIn(revision: string | null): string | null {
  return revision?.startsWith('sha256:') ? null : revision
}
