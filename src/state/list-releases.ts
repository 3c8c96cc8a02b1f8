import { newestFirst } from '../release/id.js'
import { confirmedReleases } from './confirmed.js'
import { currentRelease } from './current.js'
import type { HostState } from './host-state.js'

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
