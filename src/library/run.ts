import type { RunEvent } from './events.js'

/** A command at work: what happens, as it happens, and what it comes to. */
export interface Run<Outcome> extends AsyncIterable<RunEvent> {
  /**
   * What it came to. A refusal is an outcome, too: a wrong option, a lock that somebody holds, a host that cannot be reached.
   * Rejects only with what is a bug of clonedeploy.
   */
  readonly outcome: Promise<Outcome>
}

/** Begins at once; events wait for whoever iterates. Whoever leaves the loop does not stop the run. */
export function startRun<Outcome>(begin: (tell: (event: RunEvent) => void) => Promise<Outcome>): Run<Outcome> {
  const waiting: RunEvent[] = []
  let wake = () => {}
  let over = false
  let left = false
  const next = () =>
    new Promise<void>(resolve => {
      wake = resolve
    })
  const outcome = begin(event => {
    if (!left) waiting.push(event)
    wake()
  }).finally(() => {
    over = true
    wake()
  })
  // Whoever iterates is told there, and need not ask here, too.
  outcome.catch(() => {})
  async function* events(): AsyncGenerator<RunEvent, void, undefined> {
    try {
      for (;;) {
        const event = waiting.shift()
        if (event !== undefined) yield event
        else if (over) break
        else await next()
      }
      await outcome
    } finally {
      left = true
      waiting.length = 0
    }
  }
  let taken = false
  return {
    outcome,
    [Symbol.asyncIterator]() {
      if (taken) throw new TypeError('the events of a run are told once')
      taken = true
      return events()
    },
  }
}
