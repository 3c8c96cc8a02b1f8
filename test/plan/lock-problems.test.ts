import { describe, expect, it } from 'vitest'
import type { HostState } from '../../src/state/host-state.js'
import { lockProblems } from '../../src/state/lock-problems.js'
import { host, transaction } from './states.js'

const swapped = { transactions: [transaction('swapped', null, { lease: 3 })] }

function lockBy(command: string, age: number, over: HostState['lock']['over'] = null): Partial<HostState> {
  const holder = { tx: 't1', who: 'anna', from: 'laptop', command, reason: 'cart', since: '2026-01-01T00:00:00Z' }
  return { lock: { epoch: 2, held: true, holder, age, over } }
}

describe('a lock, as check tells it:', () => {
  const alive = 'anna@laptop is at work with rollback "cart" since 2026-01-01T00:00:00Z, alive 3 s ago'
  const wait = 'wait until that has ended: clonedeploy status'
  const dead = 'transaction t1 was swapped and never decided'
  const repair = 'clonedeploy repair'
  it.each<[string, HostState[], (readonly [string, string, string])[]]>([
    ['none', [host('a')], []],
    ['a run that lives is waited for', [host('a', lockBy('rollback', 3))], [['a', alive, wait]]],
    [
      'what that has swapped is no dead swap, also on a host that did not tell of its lock',
      [host('a', { ...lockBy('rollback', 3), ...swapped }), host('b', swapped)],
      [['a', alive, wait]],
    ],
    ['a dead run is repaired', [host('a', { ...lockBy('rollback', 300), ...swapped })], [['a', dead, repair]]],
    [
      'so is one that ended',
      [host('a', lockBy('rollback', 3, { kind: 'ended', why: 'web-3 was lost' }))],
      [['a', 'an earlier run ended and needs a repair: web-3 was lost', repair]],
    ],
    [
      'a person gives it back, and what is in doubt stays so',
      [host('a', { ...lockBy('lock', 0), ...swapped })],
      [
        [
          'a',
          'locked by anna@laptop since 2026-01-01T00:00:00Z "cart"',
          'clonedeploy unlock --tx t1     (when they are done)',
        ],
        ['a', dead, repair],
      ],
    ],
  ])('%s', (_, states, problems) => {
    expect(lockProblems(states).map(({ host, text, fix }) => [host, text, fix])).toEqual(problems)
  })
})
