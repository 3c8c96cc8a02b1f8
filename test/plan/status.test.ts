import { describe, expect, it } from 'vitest'
import { noPaint } from '../../src/render/paint.js'
import { statusText } from '../../src/render/reports/status.js'
import { assess, type Probe } from '../../src/state/assess-fleet.js'
import { hasLeftovers } from '../../src/state/decide-repair.js'
import { isMostLost, unlisted } from '../../src/state/evidence/unlisted.js'
import type { FleetState, HostState, LockState } from '../../src/state/host-state.js'
import { noDrift } from '../../src/state/release-drift.js'
import { host, idOf, link, record, release, transaction } from './states.js'

const nobody: ReadonlyMap<string, Probe> = new Map()

function fleetOf(states: readonly HostState[], away: readonly string[] = []): FleetState {
  return {
    hosts: [
      ...states.map(state => ({ name: state.name, state, error: null })),
      ...away.map(name => ({ name, state: null, error: `${name}: no route to 10.0.0.9` })),
    ],
  }
}

function lockBy(command: string, age: number, tx = 't1'): Partial<HostState> {
  const holder = { tx, who: 'anna', from: 'laptop', command, reason: 'cart', since: '2026-01-01T00:00:00Z' }
  const lock: LockState = { epoch: 2, held: true, holder, age, over: null }
  return { lock }
}

/** Swapped to the fourth release by t1, which is undecided; its lease renewed so many seconds ago. */
const swapped = (lease: number | null): Partial<HostState> => ({
  current: link(4),
  transactions: [transaction('swapped', null, { lease })],
})
const absent: Partial<HostState> = { current: { kind: 'absent' }, releases: [], fleet: null }
const back = { transactions: [transaction('swapped', 'reverted')] }
const notRestarted = { transactions: [transaction('unserved', 'reverted')] }

describe('the verdict on a host', () => {
  const wait = 'wait, then: clonedeploy status'
  const repair = 'fix: clonedeploy repair'
  it.each<[string, Partial<HostState>, string, string | null, string | null]>([
    ['serves what the fleet serves', {}, 'consistent', null, null],
    [
      'a run that lives has swapped',
      { ...swapped(3), ...lockBy('deploy x', 3) },
      'deploying',
      `b swapped to ${idOf(4)} and is not confirmed yet: anna@laptop is at work, heard of 3 s ago (tx t1).`,
      wait,
    ],
    [
      'a run that lives is preparing',
      lockBy('deploy x', 5),
      'deploying',
      'b is being prepared: anna@laptop is at work, heard of 5 s ago (tx t1).',
      null,
    ],
    ['a person keeps', lockBy('lock', 0), 'locked', 'b is locked by anna@laptop.', null],
    [
      'a run keeps that has put it back and may have ended',
      { ...lockBy('deploy x', 5), ...back },
      'consistent',
      null,
      null,
    ],
    ['a dead run keeps, which never swapped', lockBy('deploy x', 500), 'consistent', null, null],
    [
      'swapped, undecided, its lease under way',
      swapped(7),
      'in doubt',
      `b swapped to ${idOf(4)} and nobody has been heard of for 7 s: it puts itself back when that is about 15 s.`,
      wait,
    ],
    [
      'swapped, undecided, its lock still warm but its lease over',
      { ...swapped(20), ...lockBy('deploy x', 20) },
      'in doubt',
      `b swapped to ${idOf(4)} and nobody has been heard of for 20 s: it puts itself back when that is about 15 s.`,
      wait,
    ],
    [
      'swapped, undecided, and a repair at work',
      { ...swapped(700), ...lockBy('repair x', 2, 't2') },
      'in doubt',
      `b swapped to ${idOf(4)} and was never confirmed: anna@laptop is at work, heard of 2 s ago (tx t2).`,
      wait,
    ],
    [
      'swapped, undecided, with a clock that was set back',
      swapped(-4000),
      'in doubt',
      `b swapped to ${idOf(4)} and was never confirmed; since when, its clock does not tell.`,
      repair,
    ],
    [
      'swapped, undecided, with its lease long over',
      swapped(3615),
      'watchdog dead',
      `b swapped to ${idOf(4)} and was never confirmed; its lease has been over for 60 min and it has not put itself back (was it restarted?): only a repair does.`,
      repair,
    ],
    [
      'two releases behind',
      { current: link(1) },
      'behind',
      `b serves ${idOf(1)}, 2 releases behind; the fleet serves ${idOf(3)}.`,
      repair,
    ],
    [
      'newer than the fleet',
      { current: link(4) },
      'ahead',
      `b serves ${idOf(4)}, which is newer than the fleet's ${idOf(3)}.`,
      repair,
    ],
    [
      'outside of releases/',
      { current: { kind: 'link', target: '/srv/by hand', resolves: true, release: null } },
      'behind',
      `b serves /srv/by hand; the fleet serves ${idOf(3)}.`,
      repair,
    ],
    ['new', absent, 'new', `b serves nothing yet; the fleet serves ${idOf(3)}.`, 'fix: clonedeploy join --host b'],
    ['put back and served', back, 'consistent', null, null],
    [
      'put back, its restart owed',
      notRestarted,
      'service unknown',
      `b was put back to ${idOf(3)}, and its restart was not seen to succeed: files old, service state unknown.`,
      repair,
    ],
    ['a folder', { current: { kind: 'folder' } }, 'broken', 'b: current is not a link.', 'look: clonedeploy check'],
    [
      'dangling',
      { current: { kind: 'link', target: 'releases/gone', resolves: false, release: 'gone' } },
      'broken',
      'b: current points at releases/gone, which does not exist.',
      repair,
    ],
  ])('that is %s', (_, more, verdict, says, next) => {
    const { hosts } = assess('shop', 'production', fleetOf([host('a'), host('b', more), host('c')]), nobody)
    expect(hosts[1]).toMatchObject({ verdict, says, next })
    expect(hosts[0]).toMatchObject({ verdict: 'consistent', says: null, next: null })
  })

  it.each<[Partial<Probe>, string, string, string]>([
    [
      { drift: { ...noDrift, modified: ['a'], missing: ['b'] } },
      'drifted',
      'b holds 2 files that are not as its release was sealed.',
      'fix: clonedeploy repair',
    ],
    [
      { health: 'failing', healthNote: 'answered 500' },
      'unhealthy',
      'b is not healthy: answered 500',
      'look: clonedeploy run --only b -- ps x',
    ],
    [
      { health: 'failing', healthNote: 'answered 500', restarts: true },
      'unhealthy',
      'b is not healthy: answered 500',
      'fix: clonedeploy restart --only b',
    ],
    [
      { processes: [{ pid: 7, name: 'node', release: 'r1' }], oldProcesses: 'fail' },
      'old process',
      'b still runs r1: node (pid 7).',
      'look: clonedeploy run --only b -- ps x',
    ],
  ])('with %j', (more, verdict, says, next) => {
    const nothing = {
      served: null,
      health: 'none',
      healthNote: '',
      drift: null,
      processes: [],
      oldProcesses: 'fail',
      restarts: false,
    } as const
    const probes = new Map<string, Probe>([['b', { ...nothing, ...more }]])
    const { hosts } = assess('shop', 'production', fleetOf([host('a'), host('b')]), probes)
    expect(hosts[1]).toMatchObject({ verdict, says, next })
  })

  it('counts the releases that only other hosts hold', () => {
    const newest = { current: link(6), releases: [release(6), release(5), release(4)], fleet: record(9, 6) }
    const states = [host('a', newest), host('b'), host('c', newest)]
    const { hosts } = assess('shop', 'production', fleetOf(states), nobody)
    expect(hosts.map(({ behind }) => behind)).toEqual([null, 3, null])
  })

  it('counts none that failed or was put back, as the fleet never served it', () => {
    const failed = [5, 4].map(day => release(day, { bad: 'health', confirmed: false }))
    const newest = { current: link(6), releases: [release(6), ...failed, release(3)], fleet: record(9, 6) }
    const left = { releases: [...failed, release(3)] }
    const { hosts } = assess(
      'shop',
      'production',
      fleetOf([host('a', newest), host('b', left), host('c', newest)]),
      nobody,
    )
    expect(hosts[1]).toMatchObject({
      behind: 1,
      says: `b serves ${idOf(3)}, 1 release behind; the fleet serves ${idOf(6)}.`,
    })
  })

  it('tells a fleet that a dying controller has split from hosts that fell behind', () => {
    const releases = [release(4), release(3), release(2)]
    const confirmed = { current: link(4), transactions: [transaction('swapped', 'confirmed')], releases }
    const states = [host('a', confirmed), host('b', { ...back, releases }), host('c', { ...swapped(4), releases })]
    const report = assess('shop', 'production', fleetOf(states), nobody)
    expect(report.hosts.map(({ verdict }) => verdict)).toEqual(['consistent', 'split', 'in doubt'])
    expect(report.problems).toEqual([
      `b went back to ${idOf(3)} while others were confirmed on ${idOf(4)}.`,
      `c swapped to ${idOf(4)} and was not told that others have confirmed it.`,
    ])
    expect(report).toMatchObject({ result: 'unknown', exitCode: 6, target: idOf(4), next: [repair] })
    expect(report.split).toEqual([
      { release: idOf(4), hosts: ['a', 'c'] },
      { release: idOf(3), hosts: ['b'] },
    ])
  })

  it('of a fleet that never served anything is new', () => {
    const report = assess('shop', 'production', fleetOf([host('a', absent), host('b', absent)]), nobody)
    expect(report.hosts.map(({ verdict, says }) => [verdict, says])).toEqual([
      ['new', null],
      ['new', null],
    ])
    expect(report).toMatchObject({ result: 'empty', exitCode: 0 })
  })
})

describe('a host that was not reached', () => {
  const left = { host: 'z', reason: 'burnt', by: 'anna', at: '2026-01-02T00:00:00Z' }

  it('is unreachable, with the reason', () => {
    const { hosts, exitCode } = assess('shop', 'production', fleetOf([host('a')], ['z']), nobody)
    expect(hosts[1]).toMatchObject({
      verdict: 'unreachable',
      says: 'z could not be read: z: no route to 10.0.0.9',
      next: 'look: clonedeploy check',
    })
    expect(exitCode).toBe(6)
  })

  it('and was left out on purpose is told with who said so, and why', () => {
    const state = host('a', { fleet: { ...record(3, 3), excluded: [left] } })
    const { hosts, exitCode } = assess('shop', 'production', fleetOf([state], ['z']), nobody)
    expect(hosts[1]).toMatchObject({
      verdict: 'left out',
      flag: 'EXCLUDED',
      says: 'z could not be read: z: no route to 10.0.0.9; it was left out by anna at 2026-01-02T00:00:00Z: burnt',
      next: 'when it is back: clonedeploy repair',
    })
    expect(exitCode).toBe(6)
  })

  it.each<[string, Partial<HostState>, string, string | null]>([
    ['behind when it is back behind', { current: link(2) }, 'behind', 'EXCLUDED'],
    ['in doubt when it is back in doubt', swapped(5), 'in doubt', 'IN DOUBT'],
    ['consistent when it is back as the others are', {}, 'consistent', null],
  ])('and was left out is %s', (_, more, verdict, flag) => {
    const fleet = { ...record(3, 3), excluded: [left] }
    const states = [host('a', { fleet }), host('z', more), host('b', { fleet })]
    const { hosts } = assess('shop', 'production', fleetOf(states), nobody)
    expect(hosts[1]).toMatchObject({ verdict, flag })
  })
})

describe('a host that the record names and the inventory does not', () => {
  const fleet = { ...record(3, 3), hosts: ['a', 'b', 'y', 'z'] }
  const states = [host('a', { fleet }), host('b', { fleet })]

  it('is told, and is no problem', () => {
    const report = assess('shop', 'production', fleetOf(states), nobody)
    expect(report).toMatchObject({ result: 'consistent', exitCode: 0, unlisted: ['y', 'z'], problems: [], next: [] })
    expect(statusText(report, noPaint, new Date())).toContain(
      '\n  y and z are no longer listed: they were in the inventory at the last run, and what runs there stays as it is\n',
    )
  })

  it('is not one that only this command was not to look at', () => {
    const report = assess('shop', 'production', fleetOf(states), nobody, undefined, undefined, ['a', 'b', 'y', 'z'])
    expect(report.unlisted).toBeUndefined()
  })

  it.each([
    [['a', 'b'], false],
    [['a', 'b', 'y', 'c'], false],
    [['a', 'new', 'newer'], true],
  ])('is one of most where %j are left: %s', (inventory, most) => {
    expect(isMostLost(fleet, unlisted(fleet, inventory))).toBe(most)
  })
})

describe('what one host alone says', () => {
  const evil = { current: link(9), releases: [release(9), release(3)], fleet: { ...record(1e9, 9), by: 'mallory' } }
  const says = `only z says that the fleet serves ${idOf(9)} (sha256:9), by mallory at 2026-01-01T00:00:00Z.`
  const right = 'if that is right: clonedeploy repair --trust-host z'

  it('is told of that host, and advised to nobody', () => {
    const report = assess('shop', 'production', fleetOf([host('a'), host('b'), host('z', evil)]), nobody)
    expect(report.hosts.map(({ verdict, flag }) => [verdict, flag])).toEqual([
      ['consistent', null],
      ['consistent', null],
      ['alone', 'ALONE'],
    ])
    expect(report.hosts[2]).toMatchObject({ says, next: right })
    expect(report).toMatchObject({ result: 'mixed', exitCode: 6, target: idOf(3), problems: [says] })
    expect(report.next).toEqual([right, 'if it is not: clonedeploy repair --trust-host a'])
    expect(report.alone).toEqual([
      { host: 'z', release: idOf(9), digest: 'sha256:9', by: 'mallory', at: '2026-01-01T00:00:00Z', tx: null },
    ])
  })

  it('is brought to a new host on trust only', () => {
    const report = assess('shop', 'production', fleetOf([host('b', absent), host('z', evil)]), nobody)
    expect(report.hosts.map(({ verdict, flag, next }) => [verdict, flag, next])).toEqual([
      ['new', 'NEW', right],
      ['alone', 'ALONE', right],
    ])
    expect(report).toMatchObject({ exitCode: 6, target: null, next: [right] })
  })

  it('is believed where a run from here recorded it', () => {
    const known = { records: [evil.fleet], trusted: null }
    const report = assess('shop', 'production', fleetOf([host('a'), host('z', evil)]), nobody, undefined, known)
    expect(report.hosts.map(({ verdict }) => verdict)).toEqual(['behind', 'consistent'])
    expect(report.next).toEqual(['fix: clonedeploy repair'])
  })

  it('leaves out no other', () => {
    const left = [{ host: 'a', reason: 'burnt', by: 'mallory', at: 'noon' }]
    const fleet = { ...record(1e9, 3), excluded: left }
    const states = [host('a', { current: link(2) }), host('b'), host('z', { fleet })]
    const { hosts } = assess('shop', 'production', fleetOf(states), nobody)
    expect(hosts.map(({ flag }) => flag)).toEqual(['OLD', null, null])
  })
})

it('users that are on the other port of a host make it one to repair, but not while a run is at work', () => {
  const ports = [{ port: 3001, release: idOf(3), serves: true, users: [] }]
  const of = (more: Partial<HostState>, fix = 'clonedeploy repair') => {
    const astray = new Map([['b', { text: 'HAProxy sends …', fix }]])
    const service = { places: new Map(), drained: new Map(), astray, ports: new Map([['b', ports]]), problems: [] }
    return assess('shop', 'production', fleetOf([host('a', more), host('b', more)]), nobody, service)
  }
  expect(of({})).toMatchObject({ exitCode: 6, problems: ['b: HAProxy sends ….'], next: ['fix: clonedeploy repair'] })
  expect(of({}).hosts.map(({ flag }) => flag)).toEqual([null, 'OTHER PORT'])
  expect(of(lockBy('deploy x', 5)).hosts.map(({ flag }) => flag)).not.toContain('OTHER PORT')
  expect(of({}).hosts.map(one => one.ports)).toEqual([undefined, ports])
  expect(of({}, 'move them by hand').next).toEqual(['fix: move them by hand'])
  expect(of({}, 'with the ports as they were: clonedeploy repair').next).toEqual([
    'with the ports as they were: clonedeploy repair',
  ])
})

it.each([
  ['its note', { warm: idOf(4) }],
  ['the link of its port', { ports: { 3001: idOf(3), 3002: idOf(4) } }],
])('a release that serves nobody is told by %s, and a repair ends it', (_, more) => {
  const states = [host('a', more), host('b')]
  const report = assess('shop', 'production', fleetOf(states), nobody)
  expect(report.hosts.map(({ verdict }) => verdict)).toEqual(['warm', 'consistent'])
  expect(report.problems).toEqual([
    `a: ${idOf(4)} runs beside it and serves nobody: a run that did not end has left it.`,
  ])
  expect(report.next).toEqual(['fix: clonedeploy repair'])
  expect(states.map(hasLeftovers)).toEqual([true, false])
})

it('a port of what is served is no release beside it', () => {
  expect(hasLeftovers(host('a', { ports: { 3001: idOf(3), 3002: idOf(3) } }))).toBe(false)
})

describe('the lock of a dead run', () => {
  const dead = lockBy('deploy x', 2520)
  it.each<[string, readonly HostState[], readonly string[], string]>([
    ['swapped nobody', [host('a', dead), host('b', dead)], [], 'no host was swapped'],
    ['swapped one', [host('a', dead), host('b', { ...dead, ...swapped(2520) })], [], 'b swapped, undecided'],
    ['was put back', [host('a', { ...dead, ...back })], [], 'a swapped, reverted'],
    [
      'was put back and not restarted',
      [host('a', { ...dead, ...notRestarted })],
      [],
      'a swapped, reverted, not seen to be restarted',
    ],
    ['cannot be told whole', [host('a', dead)], ['z'], 'of the hosts that could be read, no host was swapped'],
  ])('that %s says so, and names repair', (_, states, away, left) => {
    const { lock, next } = assess('shop', 'production', fleetOf(states, away), nobody)
    expect(lock).toMatchObject({ alive: false, kept: false, age: 2520, left })
    expect(next).toContain('fix: clonedeploy repair')
  })
})

describe('what to run next', () => {
  it('is to wait, and nothing else, while a host may still put itself back', () => {
    const dead = { ...lockBy('deploy x', 500), ...swapped(7) }
    const states = [host('a', dead), host('b', { ...dead, current: link(2), transactions: [] })]
    expect(assess('shop', 'production', fleetOf(states), nobody).next).toEqual(['wait, then: clonedeploy status'])
  })

  const empty = { current: { kind: 'absent' }, releases: [], fleet: null } as const
  const [added, more] = [host('d', empty), host('e', empty)]
  it.each([
    ['one join for all hosts that are new', [host('a'), host('b'), added, more], ['fix: clonedeploy join --host d,e']],
    [
      'a repair, which brings new ones too, where another host needs one',
      [host('a'), host('b', { current: link(2) }), host('c'), added],
      ['fix: clonedeploy repair'],
    ],
  ])('is %s', (_, states, next) => {
    expect(assess('shop', 'production', fleetOf(states), nobody).next).toEqual(next)
  })
})
