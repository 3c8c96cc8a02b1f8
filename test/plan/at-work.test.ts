import { describe, expect, it } from 'vitest'
import type { HostState, LockEnd, ProcessMark } from '../../src/state/host-state.js'
import { isAtWork, withEnds } from '../../src/state/lock-state.js'
import { host } from './states.js'

const mark = (pid: number): ProcessMark => ({ machine: 'm', uid: 0, pid, began: '1' })
const ended: LockEnd = { kind: 'ended', why: 'web-3 was lost' }
const isGone = ({ pid }: ProcessMark) => pid === 13

function locked(name: string, tx: string, more: { over?: LockEnd; pid?: number; command?: string } = {}): HostState {
  const { over = null, pid, command = 'deploy' } = more
  const process = pid === undefined ? {} : { process: mark(pid) }
  const holder = { tx, who: 'anna', from: 'laptop', command, reason: '', since: '', ...process }
  return host(name, { lock: { epoch: 1, held: true, holder, age: 3, over } })
}

describe('the holder of a lock is', () => {
  it.each<[string, HostState[], string[]]>([
    ['at work while its lease is young', [locked('a', 't1'), locked('b', 't1')], ['a', 'b']],
    ['at work where its process lives', [locked('a', 't1', { pid: 12 })], ['a']],
    ['over where its process is gone', [locked('a', 't1', { pid: 13 })], []],
    ['no process, where a person holds it', [locked('a', 't1', { pid: 13, command: 'lock' })], ['a']],
    ['over on a host where it said so', [locked('a', 't1', { over: ended }), locked('b', 't1')], ['b']],
    [
      'over everywhere, where it said so on two hosts',
      [locked('a', 't1', { over: ended }), locked('b', 't1', { over: ended }), locked('c', 't1'), locked('d', 't2')],
      ['d'],
    ],
    ['nobody, where the lock is free', [host('a')], []],
  ])('%s', (_, states, wanted) => {
    const atWork = withEnds(states, isGone).filter(({ lock }) => isAtWork(lock))
    expect(atWork.map(({ name }) => name)).toEqual(wanted)
  })
})
