import type { HostState } from './host-state.js'
import { isAtWork, isPersons } from './lock-state.js'
import { inDoubt, type Problem } from './preflight.js'

/** What locks and undecided swaps have against a deploy: a run that lives is waited for, and only a dead one is repaired. */
export function lockProblems(states: readonly HostState[]): readonly Problem[] {
  const alive = states.filter(({ lock }) => isAtWork(lock))
  const held = alive.map(atWork)
  if (alive.some(({ lock }) => !isPersons(lock))) return held
  return [...held, ...states.flatMap(ended), ...states.flatMap(undecided)]
}

function atWork({ name, lock }: HostState): Problem {
  const { holder, age } = lock
  const who = holder === null ? 'somebody' : `${holder.who}@${holder.from}`
  const since = holder === null ? '' : ` since ${holder.since}`
  if (holder !== null && isPersons(lock))
    return {
      host: name,
      text: `locked by ${who}${since}${aside(holder.reason)}`,
      fix: `clonedeploy unlock --tx ${holder.tx}     (when they are done)`,
    }
  const what = holder === null ? '' : ` with ${holder.command}${aside(holder.reason)}`
  return {
    host: name,
    text: `${who} is at work${what}${since}, alive ${Math.abs(age ?? 0)} s ago`,
    fix: 'wait until that has ended: clonedeploy status',
  }
}

function aside(reason: string): string {
  return reason === '' ? '' : ` "${reason}"`
}

function ended({ name, lock }: HostState): readonly Problem[] {
  if (!lock.held || lock.over?.kind !== 'ended') return []
  const text = `an earlier run ended and needs a repair: ${lock.over.why}`
  return [{ host: name, text, fix: 'clonedeploy repair' }]
}

function undecided(state: HostState): readonly Problem[] {
  return inDoubt(state).map(({ id }) => ({
    host: state.name,
    text: `transaction ${id} was swapped and never decided`,
    fix: 'clonedeploy repair',
  }))
}
