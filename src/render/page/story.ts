import type { Event } from '../../fleet/events.js'
import type { Outcome, Phase } from '../../fleet/outcome.js'
import type { Span } from './spans.js'

type Of<T extends Event['type']> = Extract<Event, { type: T }>

/** How a run ended, as its JSON says it: with an outcome, or refused (then it has `details`). */
export interface KeptEnd {
  readonly result: Outcome['result']
  readonly exitCode: Outcome['exitCode'] | 130 | 143
  readonly release: string | null
  readonly previous: string | null
  readonly digest: string | null
  readonly seconds: number
  readonly bytes: number
  readonly swapWindowMs: number | null
  readonly switchWindowMs: number | null
  readonly hosts: Outcome['hosts']
  readonly reason: string | null
  readonly stopped?: true | undefined
  readonly joined?: Outcome['joined'] | undefined
  readonly next: readonly string[]
  readonly warnings: readonly string[]
  readonly details: readonly string[] | null
}

/** An event as it is kept. */
export type KeptEvent =
  | Of<'run.start' | 'run.release' | 'phase.start' | 'phase.end' | 'host.start' | 'host.end'>
  | Of<'output' | 'bake.look' | 'note' | 'traffic'>
  | { readonly type: 'run.end'; readonly end: KeptEnd }

/** `at`: milliseconds since 1970. */
export interface Timed {
  readonly at: number
  readonly event: KeptEvent
}

/** A phase from its beginning to its end. Times are milliseconds since the run began. */
export interface PhaseSpan extends Span {
  readonly phase: Phase
  readonly note: string
  /** Null: it has no end. */
  readonly ok: boolean | null
  readonly steps: readonly StepSpan[]
}

export interface StepSpan extends Span {
  readonly host: string
  readonly step: string
  readonly ok: boolean | null
  readonly note: string
}

/** Whether a step failed by itself, and was not cut short because somebody stopped the run. */
export function hasFailed({ ok, note }: StepSpan): boolean {
  return ok === false && note !== 'stopped'
}

/** A run, as its events told it. */
export interface Story {
  readonly start: Of<'run.start'>
  /** Milliseconds since 1970. */
  readonly began: number
  /** How long it took, in milliseconds. */
  readonly took: number
  readonly release: Of<'run.release'> | null
  readonly phases: readonly PhaseSpan[]
  readonly printed: readonly Of<'output'>[]
  readonly notes: readonly Of<'note'>[]
  readonly looks: readonly Of<'bake.look'>[]
  readonly traffic: readonly Of<'traffic'>[]
  /** Null: it was killed, or is still at work. */
  readonly end: KeptEnd | null
}

/** The run that these events tell, first to last; null where it does not begin with its start. */
export function storyOf(events: readonly Timed[]): Story | null {
  const [first] = events
  if (first?.event.type !== 'run.start') return null
  const took = events.reduce((latest, { at }) => Math.max(latest, at), first.at) - first.at
  const all = <T extends KeptEvent['type']>(type: T) =>
    events.flatMap(({ event }) => (isOf(event, type) ? [event] : []))
  return {
    start: first.event,
    began: first.at,
    took,
    release: all('run.release').at(-1) ?? null,
    phases: phasesOf(events, first.at, took),
    printed: all('output'),
    notes: all('note'),
    looks: all('bake.look'),
    traffic: all('traffic'),
    end: all('run.end').at(-1)?.end ?? null,
  }
}

function isOf<T extends KeptEvent['type']>(event: KeptEvent, type: T): event is Extract<KeptEvent, { type: T }> {
  return event.type === type
}

interface OpenPhase {
  readonly phase: Phase
  readonly from: number
  readonly note: string
  readonly steps: StepSpan[]
  /** Steps that began and did not end, by host. */
  readonly begun: Map<string, { readonly from: number; readonly step: string }>
}

function phasesOf(events: readonly Timed[], began: number, took: number): readonly PhaseSpan[] {
  const open = new Map<Phase, OpenPhase>()
  const spans: PhaseSpan[] = []
  for (const { at, event } of events) {
    const now = at - began
    if (event.type === 'phase.start') open.set(event.phase, newPhase(event, now))
    if (event.type === 'host.start') open.get(event.phase)?.begun.set(event.host, { from: now, step: event.step })
    if (event.type === 'host.end') endStep(open.get(event.phase), event, now)
    if (event.type !== 'phase.end') continue
    const ended = open.get(event.phase)
    open.delete(event.phase)
    if (ended !== undefined) spans.push(closed(ended, now, event))
  }
  const unended = [...open.values()].map(phase => closed(phase, took, null))
  return [...spans, ...unended].sort((a, b) => a.from - b.from)
}

function newPhase({ phase, note = '' }: Of<'phase.start'>, from: number): OpenPhase {
  return { phase, from, note, steps: [], begun: new Map() }
}

function endStep(phase: OpenPhase | undefined, { host, step, ok, ms, note }: Of<'host.end'>, now: number): void {
  phase?.begun.delete(host)
  phase?.steps.push({ host, step, ok, note, from: Math.max(0, now - ms), to: now })
}

function closed({ phase, from, note, steps, begun }: OpenPhase, to: number, end: Of<'phase.end'> | null): PhaseSpan {
  const cut = [...begun].map(([host, one]) => ({ host, ...one, to, ok: null, note: '' }))
  return { phase, from, to, note: end?.note || note, ok: end?.ok ?? null, steps: [...steps, ...cut] }
}
