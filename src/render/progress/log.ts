import type { Event } from '../../fleet/events.js'
import { escapeLine, escapeLines } from '../../text/escape.js'
import { type Clock, systemClock } from '../output.js'
import { outcomeJson } from '../reports/outcome-json.js'
import type { Renderer } from './renderer.js'

/**
 * The full log: every event but progress, every script with all that it printed; each line with its time and host. The text
 * of a script stands there once, for the first host it ran on.
 */
export function logRenderer(write: (text: string) => void, clock: Clock = systemClock): Renderer {
  const firstOn = new Map<string, string>()
  const event = (event: Event) => {
    const lines = logLines(event, firstOn)
    if (lines.length === 0) return
    const t = new Date(clock.now()).toISOString()
    write(lines.map(line => `${t} ${line}\n`.replace(/ +\n$/, '\n')).join(''))
  }
  return { event, end: () => {} }
}

function logLines(event: Event, firstOn: Map<string, string>): string[] {
  switch (event.type) {
    case 'run.start':
      return [`${event.command} ${event.app} → ${event.stage} on ${event.hosts.join(', ')}`]
    case 'run.release':
      return [`release ${event.release}, before ${event.previous ?? 'nothing'} ${uncut(event.note)}`.trimEnd()]
    case 'phase.start':
      return [`== ${event.phase} ${uncut(event.note ?? '')}`.trimEnd()]
    case 'phase.end':
      return [`== ${event.phase} ${verdict(event.ok)} in ${event.ms} ms ${uncut(event.note)}`.trimEnd()]
    case 'host.start':
      return [`${event.host} | ${event.phase}: ${uncut(event.step)} starts`]
    case 'host.progress':
      return []
    case 'host.end': {
      const { host, phase, step, ok, ms, note } = event
      return [`${host} | ${phase}: ${uncut(step)} ${verdict(ok)} in ${ms} ms ${uncut(note)}`.trimEnd()]
    }
    case 'host.gone':
      return [`${event.host} | ${event.phase}: gone: ${uncut(event.note)}`]
    case 'output':
      return [`${event.host ?? 'local'} | ${event.stream} | ${uncut(event.line)}`]
    case 'bake.look':
      return [
        `local | bake: check ${verdict(event.ok)} in ${event.ms} ms ${uncut(event.note)}`.trimEnd(),
        ...event.output.map(line => `local | bake | ${uncut(line)}`),
      ]
    case 'note':
      return [`${event.host ?? 'local'} | ${event.level}: ${uncut(event.text)}`]
    case 'traffic':
      return [`${event.host} | ${event.roundTrips} round trips, ${event.bytes} bytes sent`]
    case 'budget':
      return [`local | ${event.ms} ms since the start of the program, ${event.cpuMs} ms of processor time here`]
    case 'script':
      return scriptLines(event, firstOn)
    case 'run.end':
      return [uncut(JSON.stringify(outcomeJson(event.outcome)))]
    case 'run.planned':
      return [uncut(JSON.stringify(event.report))]
  }
}

function scriptLines(event: Extract<Event, { type: 'script' }>, firstOn: Map<string, string>): string[] {
  const first = firstOn.get(event.text)
  if (first === undefined) firstOn.set(event.text, event.host)
  const end = event.code === null ? 'end unknown' : `exit ${event.code}`
  const block = (name: string, text: string) =>
    text === '' ? [] : escapeLines(text, Number.POSITIVE_INFINITY).map(line => `${event.host} | ${name} | ${line}`)
  return [
    `${event.host} | script ${uncut(event.name)}: ${end} in ${event.ms} ms`,
    ...(first === undefined ? block('script', event.text) : [`${event.host} | script | as on ${first}`]),
    ...block('stdout', event.stdout),
    ...block('stderr', event.stderr),
  ]
}

function verdict(ok: boolean): string {
  return ok ? 'ok' : 'FAILED'
}

function uncut(text: string): string {
  return escapeLine(text, Number.POSITIVE_INFINITY)
}

/** Tells several renderers the same events. One that throws is left out from then on: showing a deploy must not stop it. */
export function teeRenderer(renderers: readonly Renderer[], onFailure: (error: unknown) => void): Renderer {
  let alive = renderers
  const each = (tell: (renderer: Renderer) => void) => {
    for (const renderer of alive) {
      try {
        tell(renderer)
      } catch (error) {
        alive = alive.filter(other => other !== renderer)
        onFailure(error)
      }
    }
  }
  return {
    event: event => each(renderer => renderer.event(event)),
    end: () => each(renderer => renderer.end()),
    pause: asking => each(renderer => renderer.pause?.(asking)),
  }
}
