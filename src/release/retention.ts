/** What a host holds and may not lose: the part of its state that retention looks at. */
interface Holdings {
  readonly current:
    | { readonly kind: 'link'; readonly release: string | null }
    | { readonly kind: 'absent' | 'folder' | 'other' }
  readonly releases: readonly { readonly id: string; readonly bad: string | null }[]
  readonly transactions: readonly {
    readonly outcome: 'confirmed' | 'reverted' | null
    readonly next: string | null
    readonly old: string | null
  }[]
  readonly fleet: { readonly release: string; readonly previous: string | null } | null
}

/**
 * Releases that a host may lose once `next` is served: all but the newest `keep` good ones
 * and the newest bad one, to be looked at. Never what is or was served,
 * what an open transaction names, or what has no name of ours or Capistrano's.
 */
export function retired(host: Holdings, next: string | null, keep: number): readonly string[] {
  const served = host.current.kind === 'link' ? host.current.release : null
  const undecided = host.transactions.filter(({ outcome }) => outcome === null)
  const open = undecided.flatMap(({ next: id, old }) => [id, old?.replace(/^.*\//, '') ?? null])
  // Once `next` is served, what is served now is the one before.
  const before = next === null ? (host.fleet?.previous ?? null) : null
  const safe = new Set([next, served, before, host.fleet?.release ?? null, ...open])
  const ours = host.releases.filter(({ id }) => /^\d{8}-?\d{6}/.test(id))
  const good = ours.filter(({ bad }) => bad === null).map(({ id }) => id)
  const failed = ours.find(({ bad }) => bad !== null)?.id ?? null
  const kept = new Set([
    failed,
    ...[...(next === null ? [] : [next]), ...good.filter(id => id !== next)].slice(0, keep),
  ])
  return ours.map(({ id }) => id).filter(id => !kept.has(id) && !safe.has(id))
}
