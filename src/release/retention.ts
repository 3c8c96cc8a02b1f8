/** What a host holds and may not lose: the part of its state that retention looks at. */
interface Holdings {
  readonly current:
    | { readonly kind: 'link'; readonly release: string | null }
    | { readonly kind: 'absent' | 'folder' | 'other' }
  readonly releases: readonly { readonly id: string; readonly digest: string | null; readonly bad: string | null }[]
  readonly transactions: readonly {
    readonly outcome: 'confirmed' | 'reverted' | null
    readonly next: string | null
    readonly old: string | null
  }[]
  readonly fleet: { readonly release: string; readonly previous: string | null } | null
}

/** Said of a release by the host that puts it back and does not know why. */
export const unconfirmed = 'put back before the fleet confirmed it'

/**
 * Releases that a host may lose once `next` is served: all but the newest `keep` (`next` among them) that are served or can
 * be gone back to (`confirmed`, not bad, each code once). Never what is or was served, what an open transaction names, what
 * has no name of ours or Capistrano's, or what the host put back while others may have confirmed it: that bears them out.
 */
export function retired(
  host: Holdings,
  next: { readonly id: string; readonly digest: string | null } | null,
  keep: number,
  confirmed: ReadonlySet<string>,
): readonly string[] {
  const served = host.current.kind === 'link' ? host.current.release : null
  const undecided = host.transactions.filter(({ outcome }) => outcome === null)
  const open = undecided.flatMap(({ next: id, old }) => [id, old?.replace(/^.*\//, '') ?? null])
  // Once `next` is served, what is served now is the one before.
  const before = next === null ? (host.fleet?.previous ?? null) : null
  const safe = new Set([next?.id ?? null, served, before, host.fleet?.release ?? null, ...open])
  const ours = host.releases.filter(({ id }) => /^\d{8}-?\d{6}/.test(id))
  const good = ours.filter(({ id, bad }) => bad === null && confirmed.has(id) && id !== next?.id)
  const [newest] = ours
  const evidence = next === null && newest?.bad === unconfirmed ? newest.id : null
  const distinct = withoutRepeats([...(next === null ? [] : [next]), ...good])
  const kept = new Set([evidence, ...distinct.slice(0, keep).map(({ id }) => id)])
  return ours.map(({ id }) => id).filter(id => !kept.has(id) && !safe.has(id))
}

/** The newest of each code: what was deployed again is the same release under another name. */
function withoutRepeats<T extends { readonly digest: string | null }>(releases: readonly T[]): readonly T[] {
  return releases.filter(({ digest }, i) => digest === null || releases.findIndex(one => one.digest === digest) === i)
}
