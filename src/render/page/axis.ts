import { length, merged, type Span, without } from './spans.js'

/** Where a time stands on a line from 0 to 100, and what is shown shorter than it was. */
export interface Axis {
  readonly at: (ms: number) => number
  readonly ticks: readonly number[]
  readonly breaks: readonly Span[]
}

/** A break takes so much of the width that the rest has. */
const breakShare = 0.08
/** A time without any host's work is shown shorter from this share of the whole on, and from so many milliseconds. */
const longShare = 0.3
const longest = 5000

/** The time of a run, true to scale; but for long times in which no host does anything (a build, a bake), which are cut short. */
export function axisOf(total: number, work: readonly Span[]): Axis {
  const breaks = breaksIn(total, work)
  const shown = total - length(breaks)
  const width = (span: Span) => (breaks.includes(span) ? shown * breakShare : span.to - span.from)
  const pieces = [...breaks, ...without([{ from: 0, to: total }], breaks)].sort((a, b) => a.from - b.from)
  const whole = pieces.reduce((sum, piece) => sum + width(piece), 0)
  const at = (ms: number) => {
    let left = 0
    for (const piece of pieces) {
      const share = (Math.min(Math.max(ms, piece.from), piece.to) - piece.from) / (piece.to - piece.from)
      left += share * width(piece)
    }
    return whole === 0 ? 0 : (left / whole) * 100
  }
  return { at, ticks: ticksOf(total, whole, breaks), breaks }
}

function breaksIn(total: number, work: readonly Span[]): readonly Span[] {
  if (work.length === 0) return []
  const within = merged(work).map(({ from, to }) => ({ from: Math.max(0, from), to: Math.min(total, to) }))
  return without([{ from: 0, to: total }], within).filter(
    ({ from, to }) => to - from > Math.max(longest, total * longShare),
  )
}

const most = 6

/** Round times, so that a handful of them is to be seen. */
function ticksOf(total: number, whole: number, breaks: readonly Span[]): readonly number[] {
  const step = steps.find(ms => whole / ms <= most) ?? whole
  const count = step === 0 ? 0 : Math.floor(total / step)
  const all = Array.from({ length: Math.min(count, 1000) + 1 }, (_, i) => i * step)
  return all.filter(ms => !breaks.some(({ from, to }) => ms > from && ms < to))
}

const [second, minute] = [1000, 60_000]
const steps = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map(n => n * second),
  ...[1, 2, 5, 10, 15, 30, 60, 120, 240].map(n => n * minute),
]
