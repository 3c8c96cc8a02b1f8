import { type Span, without } from './spans.js'
import type { PhaseSpan } from './story.js'

/** Shorter ones say nothing. */
const least = 100

/** When a host did something. */
export function workOf(phases: readonly PhaseSpan[], host: string): readonly Span[] {
  return phases.flatMap(({ steps }) => steps.filter(step => step.host === host))
}

/**
 * When it stood at a barrier: the phases that it takes part in, less the times in which it does something. What hosts are read
 * for in `check` has no steps.
 */
export function waitsOf(phases: readonly PhaseSpan[], host: string): readonly Span[] {
  const taking = phases.filter(({ phase, steps }) => phase !== 'check' && steps.some(step => step.host === host))
  return without(taking, workOf(phases, host)).filter(({ from, to }) => to - from >= least)
}

/** Of a phase that one host kept all others in: which it was, and how long the first to be ready waited for it. */
export interface Slowest {
  readonly host: string
  readonly others: number
}

/** Null where hosts were about equally quick, or there is one. */
export function slowestOf(phase: PhaseSpan): Slowest | null {
  const ends = new Map<string, number>()
  for (const { host, to } of phase.steps) ends.set(host, Math.max(to, ends.get(host) ?? 0))
  const sorted = [...ends].sort(([, a], [, b]) => b - a)
  const [last, first] = [sorted[0], sorted.at(-1)]
  if (last === undefined || first === undefined || sorted.length < 2) return null
  const others = last[1] - first[1]
  if (others < 200 || others < (phase.to - phase.from) * 0.2) return null
  return { host: last[0], others }
}
