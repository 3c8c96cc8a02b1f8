import { tier } from '../support/tier.js'
import type { At } from './held.js'

/** The exhaustive tier tries every point; every day, those that matter most are tried. */
export const tryAll = tier === 'exhaustive'

/** A deploy to three hosts sends about 60 messages; what lies behind the last one is a deploy without a fault. */
const mostMessages = 66

/** Points of a deploy, each after the `k`-th message of a kind: these, or all. */
export function messagePoints(chosen: readonly (readonly [kind: string, k: number])[]): readonly At[] {
  return tryAll ? everyMessage(mostMessages) : chosen.map(([kind, k]) => ({ kind, k, when: 'after' }))
}

/** Points after each of so many messages. */
export function everyMessage(most: number): readonly At[] {
  return Array.from({ length: most }, (_, n) => ({ kind: 'any', k: n + 1, when: 'after' }))
}

/** Commands of one host in a deploy that change its disk: these (patterns of the shell), or all. */
export function commandPoints(chosen: readonly string[]): readonly { readonly k: number; readonly pattern: string }[] {
  return tryAll ? everyCommand() : chosen.map(pattern => ({ k: 1, pattern }))
}

/** Each of so many commands of one host. */
export function everyCommand(most = mostCommands): readonly { readonly k: number; readonly pattern: string }[] {
  return Array.from({ length: most }, (_, n) => ({ k: n + 1, pattern: '*' }))
}

/** A deploy has about 35 on each host. */
const mostCommands = 44
