/** The one of `known` that `word` was most probably meant to be; null when none is near. */
export function suggest(word: string, known: Iterable<string>): string | null {
  const wanted = plain(word)
  let best: { readonly name: string; readonly distance: number } | null = null
  for (const name of known) {
    const distance = wanted === plain(name) ? 0 : closeness(wanted, plain(name))
    if (distance <= Math.max(1, Math.floor(wanted.length / 3)) && (best === null || distance < best.distance)) {
      best = { name, distance }
    }
  }
  return best?.name ?? null
}

/** `; did you mean "host"?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const name = suggest(word, known)
  return name === null ? '' : `; did you mean "${name}"?`
}

/** `deploy_to`, `deploy-to` and `deployto` are all deployTo. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[_-]/g, '')
}

/** The distance, where the beginning of a word counts as near: prod, production. */
function closeness(a: string, b: string): number {
  const beginning = a.length >= 3 && b.startsWith(a)
  return beginning ? 1 : distance(a, b)
}

/** Letters to add, drop, change or swap (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const cost = Math.min(at(above, j) + 1, at(row, j - 1) + 1, at(above, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(swapped ? Math.min(cost, at(before, j - 2) + 1) : cost)
    }
    before = above
    above = row
  }
  return at(above, b.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY
}
