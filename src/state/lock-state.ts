import { isAlive } from '../scripts/read/inspect.js'
import type { HostState, LockState, ProcessMark } from './host-state.js'

/** Whether a lock has a holder that is still at it. */
export function isAtWork({ held, age, over }: LockState): boolean {
  return held && over === null && age !== null && isAlive(age)
}

/** The transaction of a holder that is over, for `lock` to take over from at once; null: none that is known of. */
export function overOf({ holder, over }: LockState): string | null {
  return over === null || holder === null ? null : holder.tx
}

/** Whether a lock is one that a person took, which no run gives back. */
export function isPersons({ holder }: LockState): boolean {
  return holder?.command === 'lock'
}

/**
 * The hosts with what is known of their locks' ends. A run whose process on this machine is gone is over; and so is one that
 * wrote its end into the locks of two hosts, also on a host that it could not tell: no host alone speaks for another.
 */
export function withEnds(
  states: readonly HostState[],
  isGone: (process: ProcessMark) => boolean,
): readonly HostState[] {
  const told = states.flatMap(({ lock: { holder, over } }) =>
    holder !== null && over !== null ? [{ tx: holder.tx, over }] : [],
  )
  return states.map(state => {
    const { lock } = state
    if (!lock.held || lock.holder === null || lock.over !== null || isPersons(lock)) return state
    const { tx, process } = lock.holder
    const others = told.filter(one => one.tx === tx)
    const gone = process != null && isGone(process) ? ({ kind: 'gone' } as const) : null
    return { ...state, lock: { ...lock, over: (others.length > 1 ? others[0]?.over : null) ?? gone } }
  })
}
