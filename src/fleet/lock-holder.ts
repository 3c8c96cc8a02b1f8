import { LockedError } from '../errors.js'
import type { Holder } from '../state/host-state.js'

/** Says who holds the lock, from where, why and since when. `age`: seconds since its last sign of life, null when not read. `left`: what it has done to the hosts so far. */
export function lockedError(
  stage: string,
  holder: Holder | null,
  hosts: readonly string[],
  age: number | null,
  left: string | null = null,
): LockedError {
  const who = holder === null ? 'somebody' : `${holder.who}@${holder.from}`
  const since = holder === null ? '' : ` since ${holder.since}`
  const kept = holder?.command === 'lock'
  const alive = age === null || kept ? '' : `, alive ${Math.abs(age)}s ago`
  return new LockedError(`${stage} is locked by ${who}${since}${alive}.`, {
    changed: 'nothing',
    details: [...holderLines(holder), ...(left === null ? [] : [`so far   ${left}`]), `seen on  ${hosts.join(', ')}`],
    next: [kept ? `release it: clonedeploy unlock --tx ${holder.tx}` : 'look: clonedeploy status'],
  })
}

/** What the lock's holder recorded about itself. */
export function holderLines(holder: Holder | null): readonly string[] {
  if (holder === null) return []
  return [`doing    ${holder.command}${holder.reason ? `  "${holder.reason}"` : ''}`, `tx       ${holder.tx}`]
}
