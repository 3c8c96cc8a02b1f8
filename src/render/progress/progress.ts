import type { Event } from '../../fleet/events.js'
import type { Phase } from '../../fleet/outcome.js'

/** What is under way, as the events told it so far. Times are milliseconds since 1970. */
export interface Progress {
  readonly startedAt: number
  readonly command: string
  readonly app: string
  readonly stage: string
  readonly hosts: readonly string[]
  /** Whether a release or a phase was told of yet. */
  readonly announced: boolean
  /** Phases that began and did not end, oldest first. */
  readonly phases: readonly PhaseProgress[]
}

export interface PhaseProgress {
  readonly phase: Phase
  readonly since: number
  readonly note: string
  readonly hosts: readonly HostProgress[]
  /** The last lines that commands of this phase printed, a few for each host. */
  readonly output: readonly { readonly host: string | null; readonly line: string }[]
}

export interface HostProgress {
  readonly name: string
  readonly state: 'running' | 'done' | 'failed'
  readonly step: string
  readonly since: number
  readonly bytes: { readonly done: number; readonly total: number } | null
  readonly note: string
  readonly ms: number
}

const keptOutput = 10

export function noProgress(now: number): Progress {
  return { startedAt: now, command: '', app: '', stage: '', hosts: [], announced: false, phases: [] }
}

/** Progress after one more event. */
export function advance(progress: Progress, event: Event, now: number): Progress {
  switch (event.type) {
    case 'run.start':
      return { ...noProgress(now), command: event.command, app: event.app, stage: event.stage, hosts: event.hosts }
    case 'run.release':
      return { ...progress, announced: true }
    case 'phase.start':
      return {
        ...progress,
        announced: true,
        phases: [...others(progress, event.phase), begun(event.phase, event.note ?? '', now)],
      }
    case 'phase.end':
      return { ...progress, phases: others(progress, event.phase) }
    case 'host.start':
      return inPhase(progress, event.phase, phase =>
        withHost(phase, event.host, () => started(event.host, event.step, now)),
      )
    case 'host.progress':
      return inPhase(progress, event.phase, phase =>
        withHost(phase, event.host, host => ({
          ...(host ?? started(event.host, '', now)),
          bytes: { done: event.done, total: event.total },
        })),
      )
    case 'host.end':
      return inPhase(progress, event.phase, phase =>
        withHost(phase, event.host, host => ended(host ?? started(event.host, event.step, now), event)),
      )
    case 'output':
      return withOutput(progress, event.host, event.line)
    default:
      return progress
  }
}

/** The phase that a line printed on this host (null: here) belongs to: the newest that is busy with it. */
export function phaseOf(progress: Progress, host: string | null): PhaseProgress | null {
  const busy = progress.phases.findLast(phase =>
    host === null ? phase.hosts.length === 0 : phase.hosts.some(other => other.name === host),
  )
  return busy ?? progress.phases.at(-1) ?? null
}

function begun(phase: Phase, note: string, now: number): PhaseProgress {
  return { phase, since: now, note, hosts: [], output: [] }
}

function started(name: string, step: string, now: number): HostProgress {
  return { name, state: 'running', step, since: now, bytes: null, note: '', ms: 0 }
}

/** A host that failed a step of a phase has failed in it, whatever comes after. */
function ended(host: HostProgress, event: Extract<Event, { type: 'host.end' }>): HostProgress {
  if (host.state === 'failed') return host
  return { ...host, state: event.ok ? 'done' : 'failed', step: event.step, note: event.note, ms: event.ms }
}

function others(progress: Progress, phase: Phase): readonly PhaseProgress[] {
  return progress.phases.filter(other => other.phase !== phase)
}

function inPhase(progress: Progress, phase: Phase, change: (phase: PhaseProgress) => PhaseProgress): Progress {
  return { ...progress, phases: progress.phases.map(other => (other.phase === phase ? change(other) : other)) }
}

function withHost(
  phase: PhaseProgress,
  name: string,
  change: (host: HostProgress | null) => HostProgress,
): PhaseProgress {
  const known = phase.hosts.find(host => host.name === name) ?? null
  if (known === null) return { ...phase, hosts: [...phase.hosts, change(null)] }
  if (known.state === 'failed') return phase
  return { ...phase, hosts: phase.hosts.map(host => (host === known ? change(host) : host)) }
}

function withOutput(progress: Progress, host: string | null, line: string): Progress {
  const phase = phaseOf(progress, host)
  if (phase === null) return progress
  return inPhase(progress, phase.phase, other => ({ ...other, output: [...room(other.output, host), { host, line }] }))
}

/** The lines kept, less the oldest of this host when it has as many as it may. */
function room(output: PhaseProgress['output'], host: string | null): PhaseProgress['output'] {
  const own = output.filter(printed => printed.host === host)
  return own.length < keptOutput ? output : output.filter(printed => printed !== own[0])
}
