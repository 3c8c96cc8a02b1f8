import type { HostState } from '../plan/state.js'

/**
 * Releases that a host may lose once `next` is served: all but the newest `keep` good ones. Never what is or was served,
 * what an open transaction names, or what has no name of ours or Capistrano's.
 */
export function retired(state: HostState, next: string | null, keep: number): readonly string[] {
  const served = state.current.kind === 'link' ? state.current.release : null
  const open = state.transactions.flatMap(({ next: id, old }) => [id, old?.replace(/^.*\//, '') ?? null])
  const safe = new Set([next, served, state.fleet?.previous ?? null, state.fleet?.release ?? null, ...open])
  const ours = state.releases.filter(({ id }) => /^\d{8}-?\d{6}/.test(id))
  const good = ours.filter(({ bad }) => bad === null).map(({ id }) => id)
  const kept = new Set([...(next === null ? [] : [next]), ...good.filter(id => id !== next)].slice(0, keep))
  return ours.map(({ id }) => id).filter(id => !kept.has(id) && !safe.has(id))
}
