import type { Event } from '../../fleet/events.js'
import type { Clock } from '../output.js'
import { outcomeJson } from '../reports/outcome-json.js'
import type { Renderer } from './renderer.js'

/** Characters that JSON lets stand as they are but a terminal may act on. */
const unsafe = /[\u007f-\u009f\u2028\u2029\p{Bidi_Control}]/gu

/** One JSON object a line for each event but scripts; `write` gets whole lines, their newline included. */
export function jsonlRenderer(write: (text: string) => void, clock: Clock): Renderer {
  const event = (event: Event) => {
    if (event.type === 'script') return
    write(jsonLine(stamped(event, new Date(clock.now()))))
  }
  return { event, end: () => {} }
}

/** An event as the stream tells it: a contract, which may only grow. */
export function stamped(event: Exclude<Event, { type: 'script' }>, at: Date): object {
  return { v: 1, t: at.toISOString(), ...eventJson(event) }
}

/** One line of the stream, its newline included. */
export function jsonLine(value: object): string {
  return `${JSON.stringify(value).replace(unsafe, escaped)}\n`
}

function eventJson(event: Exclude<Event, { type: 'script' }>): object {
  switch (event.type) {
    case 'host.end': {
      const { phase, host, release, ok, ms, step, note } = event
      return { type: `host.${phase}`, host, ...(release === undefined ? {} : { release }), ok, ms, step, note }
    }
    case 'run.end':
      return { type: 'run.end', outcome: outcomeJson(event.outcome) }
    case 'run.planned':
      return { type: 'run.end', outcome: event.report }
    default:
      return event
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
