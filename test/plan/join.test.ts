import { describe, expect, it } from 'vitest'
import { earlierFor, foreignFor, othersToMend } from '../../src/plan/join.js'
import type { HostState } from '../../src/state/host-state.js'
import { host, idOf, link, record, release, transaction } from './states.js'

const empty = host('new', { current: { kind: 'absent' }, releases: [], fleet: null })

describe('the earlier releases that a joining host gets', () => {
  const four = [release(4), release(3), release(2), release(1)]
  const on = (name: string, releases: HostState['releases'] = four) => host(name, { current: link(4), releases })
  const days = (states: readonly HostState[], keep = 5) =>
    earlierFor(states, new Set(['new']), idOf(4), keep).map(({ release: id }) => Number(id.slice(6, 8)))

  it.each<[string, HostState[], number, number[]]>([
    ['are all that the others hold, newest first', [on('a'), on('b'), empty], 5, [3, 2, 1]],
    ['are as many as are kept beside the one that is served', [on('a'), on('b'), empty], 3, [3, 2]],
    ['are the one before, when only one is kept', [on('a'), empty], 1, [3]],
    [
      'are the one before, behind newer ones that fill what is kept',
      [on('a', [release(6), release(5), ...four]), empty],
      3,
      [6, 5, 3],
    ],
    ['are not those that one of the others lacks', [on('a'), on('b', [release(4), release(2)]), empty], 5, [2]],
    ['are not those that it has', [on('a'), host('new', { releases: [release(2)] })], 5, [3, 1]],
    ['are counted with those that it has', [on('a'), host('new', { releases: [release(3)] })], 3, [2]],
    [
      'are those of which it has other files',
      [on('a'), host('new', { releases: [release(3, { tree: 'x' })] })],
      2,
      [3],
    ],
    ['are those that it has unfinished', [on('a'), host('new', { releases: [release(3, { digest: null })] })], 2, [3]],
    ['are newer ones, too', [on('a', [release(5), release(4)]), empty], 5, [5]],
    ['are not bad', [on('a'), on('b', [release(4), release(3, { bad: 'health' }), release(2)]), empty], 5, [2]],
    [
      'are not those that were never confirmed',
      [on('a', [release(4), release(3), release(2, { confirmed: false }), release(1)]), empty],
      5,
      [3, 1],
    ],
    ['are not those of another tool', [on('a', [release(4), release(3, { digest: null })]), empty], 5, []],
    [
      'are not those whose contents differ',
      [on('a'), on('b', [release(4), release(3, { digest: 'sha256:x' }), release(2)]), empty],
      5,
      [2],
    ],
    [
      'are not those whose hooks made other files',
      [on('a'), on('b', [release(4), release(3, { tree: 'x' }), release(2)]), empty],
      5,
      [2],
    ],
    [
      'are not those whose revision differs',
      [on('a'), on('b', [release(4), release(3, { revision: 'x' }), release(2)]), empty],
      5,
      [2],
    ],
  ])('%s', (_, states, keep, wanted) => expect(days(states, keep)).toEqual(wanted))

  it('go to the hosts that lack them only', () => {
    const some = host('some', { releases: [release(3)] })
    const earlier = earlierFor([on('a'), empty, some], new Set(['new', 'some']), idOf(4), 2)
    expect(earlier.map(({ needs }) => Object.fromEntries(needs))).toEqual([
      { a: 'nothing', new: 'push', some: 'nothing' },
    ])
  })
})

describe('releases of another tool that a joining host cannot get', () => {
  const capistrano = release(2, {
    id: '20260102000000',
    digest: null,
    tree: null,
    tx: null,
    by: null,
    confirmed: false,
  })
  const on = (name: string, ...releases: HostState['releases']) => host(name, { current: link(4), releases })
  it.each<[string, HostState[], { releases: string[]; last: boolean }]>([
    ['are none where all is ours', [on('a', release(4), release(3)), empty], { releases: [], last: false }],
    [
      'are told beside what is ours',
      [on('a', release(4), release(3), capistrano), on('b', release(4), release(3), capistrano), empty],
      { releases: [capistrano.id], last: false },
    ],
    [
      'are told as the last way back',
      [on('a', release(4), capistrano), on('b', release(4), capistrano), empty],
      { releases: [capistrano.id], last: true },
    ],
    [
      'are none that the others cannot go back to',
      [on('a', release(4), capistrano), on('b', release(4)), empty],
      { releases: [], last: false },
    ],
    ['are none that it has', [on('a', release(4), capistrano), on('new', capistrano)], { releases: [], last: false }],
  ])('%s', (_, states, wanted) => expect(foreignFor(states, new Set(['new']), idOf(4))).toEqual(wanted))
})

describe('hosts that a repair has to mend before another can join', () => {
  const dead = transaction('swapped', null)
  it.each<[string, HostState[], string[], string[]]>([
    ['none, when all is well', [host('a'), host('b'), empty], [], []],
    ['none for what the new one lacks or holds damaged', [host('a'), host('new', { current: link(2) })], ['new'], []],
    ['those that serve another release', [host('a'), host('b', { current: link(2) }), empty], [], ['b']],
    [
      'those that serve another release, also where the new one holds a damaged copy',
      [host('a'), host('b', { current: link(2) }), host('new', { current: link(2) })],
      ['new'],
      ['b'],
    ],
    ['none that only another release could mend', [host('a'), host('b'), empty], ['b'], []],
    ['those that swapped and were never confirmed', [host('a'), host('b', { transactions: [dead] }), empty], [], ['b']],
    [
      'those whose restart nobody saw',
      [host('a'), host('b', { transactions: [transaction('unserved', 'reverted')] }), empty],
      [],
      ['b'],
    ],
    ['those that hold a damaged copy', [host('a'), host('b', { current: link(2) }), empty], ['b'], ['b']],
  ])('%s', (_, states, damaged, wanted) =>
    expect(othersToMend(states, new Set(damaged), new Set(['new']), record(3, 3))).toEqual(wanted))
})
