import type { Event } from '../../fleet/events.js'
import type { Renderer } from '../../render/progress/renderer.js'
import type { Notifier } from './notifier.js'

type RunEnd = Extract<Event, { type: 'run.end' }>

interface Audience {
  /** Gets the outcome at once. */
  readonly people: Renderer
  /** Get the outcome when all its warnings are known: what could not be sent is one. */
  readonly programs: Renderer
}

/** Tells the events of a run, and after its end what webhooks were not told. */
export function lastWords({ people, programs }: Audience, notifier: Notifier) {
  let kept: RunEnd | null = null
  let said: readonly string[] = []
  const unsaid = () => {
    const texts = notifier.problems().filter(text => !said.includes(text))
    said = [...said, ...texts]
    return texts
  }
  return {
    event(event: Event): void {
      const told = event.type === 'run.end' ? withWarnings(event, unsaid()) : event
      people.event(told)
      if (told.type === 'run.end' && notifier.isSending()) kept = told
      else programs.event(told)
    },
    async end(): Promise<void> {
      await notifier.end()
      const texts = unsaid()
      for (const text of texts) {
        const note = { type: 'note', level: 'warning', host: null, text } as const
        people.event(note)
        if (kept === null) programs.event(note)
      }
      if (kept !== null) programs.event(withWarnings(kept, texts))
      people.end()
      programs.end()
    },
  }
}

function withWarnings(end: RunEnd, texts: readonly string[]): RunEnd {
  return { ...end, outcome: { ...end.outcome, warnings: [...end.outcome.warnings, ...texts] } }
}
