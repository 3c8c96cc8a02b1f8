import type { Health } from './health-answer.js'

/** How often in a row an app has answered 500, and since when (milliseconds). */
export interface Broken {
  readonly tries: number
  readonly since: number
}

const fewest = 5
const shortest = 5_000

export function brokenNow(before: Broken | null, { status }: Pick<Health, 'status'>, now: number): Broken | null {
  if (status !== 500) return null
  return { tries: (before?.tries ?? 0) + 1, since: before?.since ?? now }
}

/** Whether it will answer nothing else. What refuses connections, or answers in any other way, may still be starting. */
export function isBrokenForGood(broken: Broken | null, now: number, timeout: number): boolean {
  return broken !== null && broken.tries >= fewest && now - broken.since >= Math.max(shortest, timeout / 3)
}
