import type { Stop } from '../fleet/stop.js'

/** Turns signals and a time budget into a `Stop`. */
export interface Stopper {
  readonly stop: Stop
  readonly ask: (reason: string) => void
}

export function createStopper(): Stopper {
  let reason: string | null = null
  let settle: (reason: string) => void = () => {}
  const asked = new Promise<string>(resolve => {
    settle = resolve
  })
  return {
    stop: { reason: () => reason, asked },
    ask(why) {
      reason ??= why
      settle(reason)
    },
  }
}
