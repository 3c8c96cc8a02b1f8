import { Refusal } from '../errors.js'

/** Stopped by the user while nothing had been changed. `cli.ts` makes it 130 or 143 when no host was contacted yet. */
export class Interrupted extends Refusal {
  override name = 'Interrupted'
  override readonly exitCode = 3
  constructor(reason: string) {
    super(`Stopped: ${reason}. Nothing was changed.`)
  }
}
