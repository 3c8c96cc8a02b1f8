import { describe, expect, it } from 'vitest'
import { chooseRollback } from '../../src/plan/rollback.js'
import { assess, type Probe } from '../../src/state/assess-fleet.js'
import type { HostState, ReleaseState } from '../../src/state/host-state.js'
import { inDoubt, type Needs, newcomers, problemsOf, servesAlready, warningsOf } from '../../src/state/preflight.js'
import { noDrift } from '../../src/state/release-drift.js'
import { unshared } from '../../src/state/unshared-paths.js'
import { host, idOf, link, release, transaction } from './states.js'

const nothing = { bytes: 0, entries: 0, inodes: 0 }

describe('what stops a run', () => {
  const dangling = { kind: 'link', target: 'releases/gone', resolves: false, release: 'gone' } as const
  const disk = (freeKb: number, freeInodes: number | null) => ({ disk: { freeKb, freeInodes, mount: '/srv' } })
  const cases: readonly (readonly [string, Partial<HostState>, Needs, readonly string[]])[] = [
    ['nothing on a good host', {}, { bytes: 1e6, entries: 100, inodes: 100 }, []],
    [
      'nothing on an empty host',
      { rootKind: 'absent', current: { kind: 'absent' }, releases: [], fleet: null },
      nothing,
      [],
    ],
    ['a folder that is none', { rootKind: 'other', writable: false }, nothing, ['/srv/shop is not a folder']],
    [
      'a file system that is mounted read-only',
      { writable: false, readOnly: true },
      nothing,
      ['/srv/shop is on /srv, which is mounted read-only'],
    ],
    ['a folder without rights', { writable: false }, nothing, ['deploy may not write in /srv/shop']],
    [
      'a current that is a folder',
      { current: { kind: 'folder' } },
      nothing,
      ['/srv/shop/current is a directory, not a link'],
    ],
    ['a current that is a file', { current: { kind: 'other' } }, nothing, ['/srv/shop/current is a file, not a link']],
    [
      'a current that dangles',
      { current: dangling },
      nothing,
      ['/srv/shop/current dangles: releases/gone does not exist'],
    ],
    [
      'tools that are not there',
      { tools: host().tools.filter(tool => !['tar', 'xargs', 'timeout'].includes(tool)) },
      nothing,
      ['has no tar, xargs'],
    ],
    [
      'too little space',
      disk(10_000, null),
      { bytes: 20e6, entries: 100, inodes: 100 },
      ['too little disk space on /srv: free 9.8 MB, needs 29 MB'],
    ],
    [
      'too few inodes',
      disk(1e9, 100),
      { bytes: 20e6, entries: 100, inodes: 100 },
      ['too few inodes on /srv: free 100, needs 175'],
    ],
    ['no lack of what hard links do not take', disk(20_000, 100), { bytes: 1e6, entries: 1000, inodes: 20 }, []],
    ['no lack of inodes where there are none', disk(1e9, null), { bytes: 20e6, entries: 1e6, inodes: 1e6 }, []],
    ['no lack of space for what is not unpacked', disk(0, 0), nothing, []],
    [
      'missing shared files',
      { missing: ['.env', 'a/b'] },
      nothing,
      ['shared/.env does not exist', 'shared/a/b does not exist'],
    ],
  ]
  it.each(cases)('is %s', (_, more, needs, texts) => {
    expect(problemsOf(host('web-1', more), needs).map(({ text }) => text)).toEqual(texts)
  })

  it.each([
    [[3, 2, 1], [], 'clonedeploy prune --only web-1 --keep 2'],
    [[3, 2], [], 'clonedeploy prune --only web-1 --keep 1'],
    [[3, 2], [2], 'clonedeploy prune --only web-1 --keep 2'],
    [[3], [], 'make room on /srv of web-1: it holds no old release that could go'],
  ])('where releases %j, of them bad %j, leave no room: %s', (days, bad, fix) => {
    const releases = days.map(day => release(day, { bad: bad.some(one => one === day) ? 'health' : null }))
    const state = host('web-1', { ...disk(0, null), releases })
    expect(problemsOf(state, { bytes: 1, entries: 1, inodes: 1 })).toMatchObject([{ fix }])
  })

  it('is told all at once, with what to do about it', () => {
    const problems = problemsOf(
      host('web-2', { writable: false, current: { kind: 'folder' }, missing: ['.env'] }),
      nothing,
    )
    expect(problems).toEqual([
      {
        host: 'web-2',
        text: 'deploy may not write in /srv/shop',
        fix: 'sudo install -d -o deploy /srv/shop     (on web-2)',
      },
      {
        host: 'web-2',
        text: '/srv/shop/current is a directory, not a link',
        fix: 'mv /srv/shop/current /srv/shop/current.old     (on web-2)',
      },
      { host: 'web-2', text: 'shared/.env does not exist', fix: 'create /srv/shop/shared/.env on web-2' },
    ])
  })
})

describe('what is odd but stops nothing', () => {
  it.each<[string, Partial<HostState>, RegExp | null]>([
    ['nothing', {}, null],
    [
      'a current out of releases',
      { current: { kind: 'link', target: '/opt/x', resolves: true, release: null } },
      /^web-1: current points outside releases\/ \(\/opt\/x\)/,
    ],
    ['a folder that all may write in', { open: ['folder'] }, /^web-1: every account there may write in \/srv\/shop, /],
    [
      'a place for it that all may write in',
      { open: ['folder'], rootKind: 'absent' },
      /^web-1: every account there may write where \/srv\/shop is to be made, /,
    ],
    [
      'a folder above it that all may write in',
      { open: ['above'] },
      /^web-1: every account there may write in \/srv, /,
    ],
    ['a mount', { mounted: true }, /^web-1: something is mounted over current/],
    ['no timeout', { tools: host().tools.filter(tool => tool !== 'timeout') }, /^web-1: has no `timeout`/],
  ])('is %s', (_, more, text) => {
    const warnings = warningsOf(host('web-1', more))
    expect(warnings).toEqual(text === null ? [] : [expect.stringMatching(text)])
  })

  it.each([
    [
      ['web-2'],
      'web-2 serves nothing yet and has no earlier release to go back to. Bring it first: clonedeploy join --host web-2',
    ],
    [
      ['web-2', 'web-3'],
      'web-2, web-3 serve nothing yet and have no earlier release to go back to. Bring it first: clonedeploy join --host web-2,web-3',
    ],
    [[], null],
    [['web-1', 'web-2', 'web-3'], null],
  ])('are hosts that serve nothing beside others: %s', (empty, text) => {
    const states = ['web-1', 'web-2', 'web-3'].map(name =>
      host(name, empty.includes(name) ? { current: { kind: 'absent' } } : {}),
    )
    expect(newcomers(states)).toEqual(text === null ? [] : [text])
  })
})

describe('what another tool shared', () => {
  const links: HostState['sharedLinks'] = [
    { path: '.env', kind: 'file' },
    { path: 'uploads', kind: 'dir' },
  ]
  const has = 'has .env and uploads from shared/; this config does not share them'

  it.each<[string, { dirs?: string[]; files?: string[] }, readonly string[], string | null]>([
    [
      'nothing',
      {},
      ['web-1'],
      `the release that web-1 serves ${has}: add shared: { files: ['.env'], dirs: ['uploads'] }`,
    ],
    [
      'nothing, on two hosts',
      {},
      ['web-1', 'web-2'],
      `the release that web-1 and web-2 serve ${has}: add shared: { files: ['.env'], dirs: ['uploads'] }`,
    ],
    ['all of it', { files: ['.env'], dirs: ['uploads'] }, ['web-1'], null],
    ['none on the hosts', {}, [], null],
  ])('is named where the configuration shares %s', (_, shared, linked, text) => {
    const states = ['web-1', 'web-2'].map(name => host(name, { sharedLinks: linked.includes(name) ? links : [] }))
    expect(unshared(states, { dirs: [], files: [], ...shared })).toEqual(text === null ? [] : [text])
  })
})

describe('a transaction is in doubt', () => {
  it.each([
    ['prepared', null, false],
    ['armed', null, false],
    ['swapped', null, true],
    ['swapped', 'confirmed', false],
    ['swapped', 'reverted', false],
  ] as const)('when it is %s with the outcome %s: %s', (state, outcome, doubt) => {
    expect(inDoubt(host('web-1', { transactions: [transaction(state, outcome)] }))).toHaveLength(doubt ? 1 : 0)
  })
})

describe('a fleet serves a digest already', () => {
  it.each([
    ['when every host does', [host('a'), host('b')], true],
    ['not when one serves another release', [host('a'), host('b', { current: link(2) })], false],
    [
      'not when one holds other code under the same name',
      [host('a'), host('b', { releases: [release(3, { digest: 'sha256:x' })] })],
      false,
    ],
    ['not when one has it unsealed', [host('a'), host('b', { releases: [release(3, { digest: null })] })], false],
    ['not when it is marked bad', [host('a'), host('b', { releases: [release(3, { bad: 'x' })] })], false],
    ['not when one serves nothing', [host('a'), host('b', { current: { kind: 'absent' } })], false],
  ] as const)('%s', (_, states, expected) => {
    expect(servesAlready(states, 'sha256:3')).toBe(expected)
  })
})

describe('a rollback goes', () => {
  const missing = host('b', { releases: [release(3), release(1)] })
  const bad = host('b', { releases: [release(3), release(2, { bad: 'health' }), release(1)] })
  const other = host('b', { releases: [release(3), release(2, { digest: 'sha256:x' }), release(1)] })
  const hooked = host('b', { releases: [release(3), release(2, { tree: 'x' }), release(1)] })
  const revision = host('b', { releases: [release(3), release(2, { revision: 'x' }), release(1)] })
  const dead = { releases: [release(3), release(2, { confirmed: false }), release(1)] }
  const unsealed = { releases: [release(3), release(2, { digest: null }), release(1)] }
  const cases: readonly (readonly [string, readonly HostState[], number, readonly string[]])[] = [
    ['to the one before', [host('a'), host('b')], 2, []],
    ['past one that a host lacks', [host('a'), missing], 1, ['missing on b']],
    ['past one that is bad anywhere', [host('a'), bad], 1, ['bad on b: health']],
    ['past one that differs', [host('a'), other], 1, ['its contents differ between hosts']],
    ['past one that hooks made different', [host('a'), hooked], 1, ['its contents differ between hosts']],
    ['past one of another revision', [host('a'), revision], 1, ['its REVISION differs between hosts']],
    [
      'past one that no deploy ever confirmed',
      [host('a', dead), host('b', dead)],
      1,
      ['no deploy of it was ever confirmed'],
    ],
    ['to one that only some hosts were told of as confirmed', [host('a'), host('b', dead)], 2, []],
    ['past one that was never finished', [host('a', unsealed), host('b', unsealed)], 1, ['it was never finished']],
  ]
  it.each(cases)('%s', (_, states, day, why) => {
    const choice = chooseRollback(states, idOf(3), null)
    expect(choice).toMatchObject({ release: idOf(day), digest: `sha256:${day}`, revision: `rev${day}` })
    expect(choice.skipped).toEqual(why.map(text => ({ release: idOf(2), why: text })))
  })

  it('never to a newer one', () => {
    const states = [host('a', { releases: [release(5), release(4), release(3), release(2)] })]
    expect(chooseRollback(states, idOf(3), null).release).toBe(idOf(2))
  })

  it('to one that hooks made differently on hosts, where that is allowed', () => {
    const states = ['a', 'b'].map(name => host(name, { releases: [release(3), release(2, { tree: name.repeat(64) })] }))
    expect(chooseRollback(states, idOf(3), null, 'warn').release).toBe(idOf(2))
    expect(() => chooseRollback(states, idOf(3), null)).toThrow('no earlier release')
  })

  it('to the releases of Capistrano as they are', () => {
    const states = [
      host('a', { releases: [release(3), release(1, { id: '20200101000000', digest: null, confirmed: false })] }),
    ]
    expect(chooseRollback(states, idOf(3), null)).toEqual({
      release: '20200101000000',
      digest: null,
      revision: 'rev1',
      skipped: [],
    })
  })

  it('where it is told to, also to one that is bad or newer', () => {
    expect(chooseRollback([host('a'), bad], idOf(3), idOf(2)).release).toBe(idOf(2))
    expect(chooseRollback([host('a', { current: link(2) })], idOf(2), idOf(3)).release).toBe(idOf(3))
  })

  it.each([
    ['nowhere', [host('a')], 'Release nowhere cannot be rolled back to: no host has it.'],
    [idOf(2), [host('a'), missing], `Release ${idOf(2)} cannot be rolled back to: missing on b.`],
    [idOf(2), [host('a'), other], `Release ${idOf(2)} cannot be rolled back to: its contents differ between hosts.`],
    [idOf(2), [host('a', dead)], `Release ${idOf(2)} cannot be rolled back to: no deploy of it was ever confirmed.`],
  ])('not to %s when that cannot be', (to, states, message) => {
    expect(() => chooseRollback(states, idOf(3), to)).toThrow(expect.objectContaining({ message, changed: 'nothing' }))
  })

  const late = (name: string) => host(name, { releases: [release(3)] })
  const holding = (more: Partial<ReleaseState>) => host('b', { releases: [release(3), release(2, more)] })
  const see = 'see them: clonedeploy releases'
  it.each<[string, HostState[], string[]]>([
    [
      'a join, when hosts came later',
      [host('a'), late('c'), late('d')],
      [see, 'bring it: clonedeploy join --host c,d'],
    ],
    ['no join of what the others hold otherwise', [holding({ digest: 'sha256:x' }), holding({}), late('c')], [see]],
    ['no join of what is bad', [holding({ bad: 'health' }), late('c')], [see]],
    ['no join of what another tool made', [holding({ digest: null }), late('c')], [see]],
  ])('nowhere when one lacks what it would be, and names %s', (_, states, next) => {
    expect(() => chooseRollback(states, idOf(3), null)).toThrow(expect.objectContaining({ next }))
  })

  it('nowhere when there is none', () => {
    expect(() => chooseRollback([host('a', { releases: [release(3)] })], idOf(3), null)).toThrow(
      'There is no earlier release that every host has.',
    )
  })
})

describe('the verdict on a fleet', () => {
  const unprobed: Probe = {
    ...{
      served: null,
      health: 'none',
      healthNote: '',
      drift: null,
      processes: [],
      oldProcesses: 'fail',
      restarts: true,
    },
  }
  const processes = [{ pid: 7, name: 'node', release: idOf(2) }]
  const probe = (more: Partial<Probe>) => new Map([['b', { ...unprobed, ...more }]])
  const drift = { ...noDrift, modified: ['a'] }
  const grown = { ...noDrift, extra: ['cache/a'], extraCount: 7 }
  const empty: Partial<HostState> = { current: { kind: 'absent' }, releases: [], fleet: null }
  const dangling: Partial<HostState> = {
    current: { kind: 'link', target: `releases/${idOf(3)}`, resolves: false, release: idOf(3) },
  }
  const cases: readonly (readonly [
    string,
    Partial<HostState>,
    ReadonlyMap<string, Probe>,
    string | null,
    string,
    number,
  ])[] = [
    ['a clone', {}, new Map(), null, 'consistent', 0],
    ['a clone that is healthy and unchanged', {}, probe({ health: 'ok', drift: noDrift }), null, 'consistent', 0],
    ['behind', { current: link(2) }, new Map(), 'OLD', 'mixed', 6],
    ['new', empty, new Map(), 'NEW', 'mixed', 6],
    ['changed', {}, probe({ drift }), 'DRIFT', 'mixed', 6],
    ['a clone that its app has written into', {}, probe({ drift: grown }), null, 'consistent', 0],
    ['failing', {}, probe({ health: 'failing', healthNote: 'answered 500' }), 'FAILING', 'mixed', 6],
    ['a clone with an old process', {}, probe({ processes }), 'OLD PROCESS', 'mixed', 6],
    ['a clone with one that may be there', {}, probe({ processes, oldProcesses: 'warn' }), null, 'consistent', 0],
    ['dangling', dangling, new Map(), 'DANGLING', 'mixed', 6],
    ['no link', { current: { kind: 'folder' } }, new Map(), 'NOT A LINK', 'mixed', 6],
    [
      'back without its restart',
      { transactions: [transaction('unserved', 'reverted')] },
      new Map(),
      'NOT RESTARTED',
      'mixed',
      6,
    ],
    [
      'told to go back, and not back',
      { current: link(4), transactions: [transaction('swapped', 'reverted')] },
      new Map(),
      'IN DOUBT',
      'unknown',
      6,
    ],
    ['swapped and undecided', { transactions: [transaction('swapped', null)] }, new Map(), 'IN DOUBT', 'unknown', 6],
  ]
  it.each(cases)('with a host that is %s', (_, more, probes, flag, result, exitCode) => {
    const states = [host('a'), host('b', more), host('c')]
    const report = assess(
      'shop',
      'production',
      { hosts: states.map(state => ({ name: state.name, state, error: null })) },
      probes,
    )
    expect(report).toMatchObject({ result, exitCode, target: idOf(3), lock: null })
    expect(report.hosts.map(one => one.flag)).toEqual([null, flag, null])
    expect(report.problems).toHaveLength(flag === null ? 0 : 1)
  })

  it('with a host that was not reached is unknown', () => {
    const hosts = [
      { name: 'a', state: host('a'), error: null },
      { name: 'b', state: null, error: 'no route' },
    ]
    const report = assess('shop', 'production', { hosts }, new Map())
    expect(report).toMatchObject({ result: 'unknown', exitCode: 6, problems: ['b could not be read: no route'] })
    expect(report.hosts[1]).toMatchObject({ reachable: false, current: null, flag: 'UNREACHABLE' })
  })

  it('that serves nothing yet is empty', () => {
    const hosts = ['a', 'b'].map(name => ({ name, state: host(name, empty), error: null }))
    expect(assess('shop', 'production', { hosts }, new Map())).toMatchObject({
      result: 'empty',
      exitCode: 0,
      target: null,
      problems: [],
    })
  })

  it.each([
    [5, true],
    [60, true],
    [61, false],
  ])('names who holds its lock; heard of %i s ago, alive: %s', (age, alive) => {
    const holder = {
      tx: 't1',
      who: 'anna',
      from: 'laptop',
      command: 'lock',
      reason: 'migration',
      since: '2026-01-01T00:00:00Z',
    }
    const state = host('a', { lock: { epoch: 2, held: true, holder, age, over: null } })
    const { lock } = assess('shop', 'production', { hosts: [{ name: 'a', state, error: null }] }, new Map())
    expect(lock).toEqual({
      holder: 'anna@laptop',
      since: '2026-01-01T00:00:00Z',
      reason: 'lock: migration',
      alive,
      tx: 't1',
      age,
      over: null,
      kept: true,
      left: alive ? null : 'no host was swapped',
    })
  })
})
