import { it } from 'vitest'
import { tier } from './tier.js'

const nothing = Object.assign(() => {}, { each: () => () => {}, skipIf: () => () => {} }) as unknown as typeof it

/** `it`, for a test that only the exhaustive tier has: one more case of what another test shows every day. */
export const exhaustively: typeof it = tier === 'exhaustive' ? it : nothing
