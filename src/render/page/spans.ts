/** From when to when, in milliseconds. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The same time, in spans that neither touch nor overlap, in order. */
export function merged(spans: readonly Span[]): readonly Span[] {
  const all: Span[] = []
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1)
    if (last === undefined || span.from > last.to) all.push(span)
    else all[all.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
  }
  return all
}

/** What of these is in none of the others. */
export function without(spans: readonly Span[], others: readonly Span[]): readonly Span[] {
  const cuts = merged(others)
  return merged(spans).flatMap(span => {
    const inside = cuts.filter(({ from, to }) => to > span.from && from < span.to)
    const edges = [span.from, ...inside.flatMap(({ from, to }) => [from, to]), span.to]
    return pairs(edges).filter(({ from, to }) => to > from)
  })
}

function pairs(edges: readonly number[]): readonly Span[] {
  return edges.flatMap((from, i) => (i % 2 === 0 ? [{ from, to: edges[i + 1] ?? from }] : []))
}

export function length(spans: readonly Span[]): number {
  return spans.reduce((sum, { from, to }) => sum + to - from, 0)
}
