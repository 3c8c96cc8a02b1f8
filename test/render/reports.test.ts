import { describe, expect, it } from 'vitest'
import { LockedError, PreflightError, UsageError } from '../../src/errors.js'
import { noPaint } from '../../src/render/paint.js'
import { bugText, refusalSentence, refusalText } from '../../src/render/refusal.js'
import { type DryRunReport, dryRunJson, dryRunText } from '../../src/render/reports/plan.js'
import {
  type ReleasePresence,
  type ReleasesReport,
  releasesJson,
  releasesText,
} from '../../src/render/reports/releases.js'
import { statusText } from '../../src/render/reports/status.js'
import type { StatusHost, StatusReport } from '../../src/state/status-report.js'
import { newer, older } from './run.js'

const now = new Date('2026-11-23T18:34:00Z')

describe('a refusal', () => {
  it('says what, where and why, and what to run', () => {
    const error = new PreflightError('web-2 has too little disk space.', {
      changed: 'nothing',
      details: ['/srv (ext4)   free 210 MB   needs 640 MB', 'old releases on web-2: 9, 3.1 GB'],
      next: ['fix:  clonedeploy prune --only web-2 --keep 3'],
    })
    expect(refusalText(error, noPaint)).toBe(`✖ web-2 has too little disk space. Nothing was changed.

  /srv (ext4)   free 210 MB   needs 640 MB
  old releases on web-2: 9, 3.1 GB

  fix:  clonedeploy prune --only web-2 --keep 3
`)
  })

  it.each([
    ['nothing', 'no. Nothing was changed.'],
    ['nothing served', 'no. What is served was not changed.'],
    [null, 'no.'],
  ] as const)('that has changed %s says so', (changed, sentence) => {
    expect(refusalSentence(new PreflightError('no.', { changed }))).toBe(sentence)
  })

  it('ends with what is wrong and what to run, below evidence that fills the screen', () => {
    const printed = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`)
    const error = new PreflightError('the build failed: npm run build exited with 2', {
      details: printed,
      next: ['run it here to see more: npm run build'],
    })
    expect(refusalText(error, noPaint).split('\n')).toEqual([
      ...printed.map(line => `  ${line}`),
      '',
      '✖ the build failed: npm run build exited with 2',
      '',
      '  run it here to see more: npm run build',
      '',
    ])
  })

  it('without details is one line', () => {
    expect(refusalText(new UsageError('pass --yes'), noPaint)).toBe('✖ pass --yes\n')
  })

  it('cannot bring control characters to the terminal', () => {
    const error = new LockedError('locked by \u001b]0;x\u0007', {
      details: ['a\u001b[2J', '', 'b\nc'],
      next: ['x\u009b'],
    })
    expect(refusalText(error, noPaint)).toBe(`✖ locked by \\x1b]0;x\\x07

  a\\x1b[2J

  b
  c

  x\\x9b
`)
  })
})

describe('a bug of ours', () => {
  const about = {
    version: '0.1.0',
    node: '20.20.0',
    tracker: 'https://example.org/issues',
    log: 'a.log',
    propose: (text: string) => text,
  }

  it('shows its stack, its cause, the version and where to report it', () => {
    const error = Object.assign(
      new Error('no', { cause: Object.assign(new Error('deep'), { stack: 'Error: deep' }) }),
      {
        stack: 'Error: no\n    at x.js:1',
      },
    )
    expect(
      bugText(error, noPaint, about),
    ).toBe(`✖ This is a bug of clonedeploy, not of your project. What it was doing may be half done: clonedeploy status

  Error: no
      at x.js:1
  caused by Error: deep

  clonedeploy 0.1.0, node 20.20.0
  log: a.log
  Please report it with the lines above: https://example.org/issues
`)
  })

  it('may be anything that was thrown', () => {
    expect(bugText('text', noPaint, { ...about, tracker: null, log: null })).toContain(
      '\n  text\n\n  clonedeploy 0.1.0, node 20.20.0\n  Please report it with the lines above.\n',
    )
  })
})

describe('status', () => {
  it('shows who serves what, and the host that fell behind', () => {
    const report = statusReport({
      hosts: [
        statusHost('web-1'),
        statusHost('web-2', { healthNote: '200 14 ms' }),
        statusHost('web-3', {
          current: older,
          last: { at: '2026-11-22T10:10:10Z', by: 'ci', command: 'deploy', release: older, previous: null },
          flag: 'OLD',
          verdict: 'behind',
          behind: 1,
        }),
      ],
      split: [
        { release: newer, hosts: ['web-1', 'web-2'] },
        { release: older, hosts: ['web-3'] },
      ],
      result: 'mixed',
      problems: ['web-3 serves an old release.'],
      next: ['clonedeploy repair'],
    })
    expect(statusText(report, noPaint, now)).toBe(`shop → production   3 hosts   1 problem

  HOST    RELEASE                   SINCE   BY     HEALTH
  web-1   ${newer}   3m      anna   ✔ 200 12 ms
  web-2   ${newer}   3m      anna   ✔ 200 14 ms
  web-3   ${older}   1d      ci     ✔ 200 12 ms   ← BEHIND
  split  2 × ${newer} (web-1 and web-2)   1 × ${older} (web-3)
  lock   free

✖ web-3 serves an old release.  fix: clonedeploy repair
`)
  })

  it('says once which release the app serves', () => {
    const hosts = [
      statusHost('web-1', { served: newer, healthNote: `200 in 12 ms, serves ${newer}` }),
      statusHost('web-2', { served: older, healthNote: `200 in 14 ms, serves ${older}` }),
    ]
    const [, , head, ...rows] = statusText(statusReport({ hosts }), noPaint, now).split('\n')
    expect([head, ...rows.slice(0, 2)]).toEqual([
      `  HOST    RELEASE                   SERVES                    SINCE   BY     HEALTH`,
      `  web-1   ${newer}   the same                  3m      anna   ✔ 200 in 12 ms`,
      `  web-2   ${newer}   ${older}   3m      anna   ✔ 200 in 14 ms`,
    ])
  })

  it('shows the port on which each host serves, and where its users are instead', () => {
    const ports = (serves: number, users: number) =>
      [3001, 3002].map(port => ({
        port,
        release: null,
        serves: port === serves,
        users: port === users ? ['HAProxy lb-1 web'] : [],
      }))
    const report = statusReport({
      hosts: [
        statusHost('web-1', { ports: ports(3001, 3001) }),
        statusHost('web-2', { ports: ports(3002, 3001), verdict: 'other port', flag: 'OTHER PORT' }),
        statusHost('jobs'),
      ],
    })
    expect(statusText(report, noPaint, now).split('\n').slice(2, 6)).toEqual([
      '  HOST    RELEASE                   PORT                  SINCE   BY     HEALTH',
      `  web-1   ${newer}   3001                  3m      anna   ✔ 200 12 ms`,
      `  web-2   ${newer}   3002, users on 3001   3m      anna   ✔ 200 12 ms   ← OTHER PORT`,
      `  jobs    ${newer}   -                     3m      anna   ✔ 200 12 ms`,
    ])
  })

  it('shows the lock, drift, what the app says and what is in doubt', () => {
    const lock = {
      holder: 'anna',
      since: '2026-11-23T18:31:00Z',
      reason: 'hotfix',
      alive: false,
      tx: 'T7',
      age: 2520,
      over: null,
      kept: false,
      left: 'web-2 swapped, undecided',
    }
    const report = statusReport({
      lock,
      result: 'unknown',
      hosts: [
        statusHost('web-1', {
          drift: { modified: ['app.js', 'a', 'b', 'c'], missing: ['d\u001b'], extra: ['e'], extraCount: 1 },
          served: older,
          processes: [{ pid: 7, name: 'node', release: older }],
          flag: 'DRIFT',
          verdict: 'drifted',
          health: 'failing',
          healthNote: '500',
        }),
        statusHost('web-2', {
          transaction: { id: 'T7', phase: 'swapped', target: newer, previous: null },
          last: null,
          health: 'none',
          healthNote: '',
          flag: 'IN DOUBT',
          verdict: 'watchdog dead',
        }),
        statusHost('web-3', {
          reachable: false,
          error: 'timed out after 10s',
          current: null,
          last: null,
          health: 'none',
          healthNote: '',
          flag: 'UNREACHABLE',
          verdict: 'unreachable',
        }),
      ],
      problems: ['web-1 has drifted.', 'web-2 is in doubt.'],
      next: ['clonedeploy repair'],
    })
    expect(statusText(report, noPaint, now)).toBe(`shop → production   3 hosts   2 problems

  HOST    RELEASE                   SERVES                    SINCE   BY     HEALTH
  web-1   ${newer}   ${older}   3m      anna   ✖ 500    ← DRIFTED
  web-2   ${newer}   -                         -       -      -        ← WATCHDOG DEAD
  web-3   ?                         -                         -       -      -        ← UNREACHABLE
  web-1: the app says that it serves ${older}
  web-1: still runs ${older}: node (pid 7)
  web-1: 4 modified (app.js, a, b, …), 1 missing (d\\x1b), 1 extra (e)
  web-2: transaction T7 is swapped: nothing → ${newer}
  web-3: timed out after 10s
  lock   held by anna for 3m, last heard of 42 min ago: that run probably died, web-2 swapped, undecided   "hotfix"   (T7)

✖ web-1 has drifted.
✖ web-2 is in doubt.
  fix: clonedeploy repair
`)
  })

  it.each([
    [{ result: 'consistent' as const }, `✔ The host serves ${newer}.\n`],
    [
      {
        result: 'empty' as const,
        target: null,
        hosts: [statusHost('web-1', { current: null, last: null })],
      },
      'No host serves a release yet.\n',
    ],
    [
      { result: 'consistent' as const, next: ['fix: clonedeploy repair'] },
      `! The host serves ${newer}, and an earlier run has left its lock.  fix: clonedeploy repair\n`,
    ],
  ])('ends with what is true when no host is wrong: %j', (changes, end) => {
    expect(statusText(statusReport(changes), noPaint, now).split('\n\n').at(-1)).toBe(end)
  })
})

describe('releases', () => {
  const states = (...all: readonly ReleasePresence[]) => all.map((state, i) => ({ name: `web-${i + 1}`, state }))
  const many = (state: (i: number) => ReleasePresence) =>
    Array.from({ length: 40 }, (_, i) => ({ name: `web-${i + 1}`, state: state(i + 1) }))
  const row = {
    when: '2026-11-23T18:30:45Z',
    who: 'anna',
    revision: '7a6ae02ffff',
    origin: null,
    bad: null,
    confirmed: true,
  }

  it('shows each release and where it is', () => {
    const report: ReleasesReport = {
      app: 'shop',
      stage: 'production',
      hosts: ['web-1', 'web-2', 'web-3'],
      releases: [
        { ...row, id: newer, hosts: states('current', 'current', 'intact') },
        { ...row, id: older, hosts: states('intact', 'intact', 'current'), revision: null, who: 'ci', when: null },
        { ...row, id: 'bad', hosts: states('bad', 'bad', 'bad'), bad: 'health check web-2', revision: 'badc0de' },
        { ...row, id: 'dead', hosts: states('intact', 'missing', 'missing'), confirmed: false },
        { ...row, id: 'ci', hosts: states('intact', 'intact', 'intact'), origin: { artifact: 'app\u001b.tgz' } },
        { ...row, id: '20261101', hosts: states('foreign', 'intact', 'missing'), who: null },
      ],
    }
    expect(releasesText(report, noPaint, now)).toBe(`shop → production   3 hosts   6 releases

  RELEASE                   AGE   BY     REVISION   WHERE
  ${newer}   3m    anna   7a6ae02    on all 3 hosts, current on web-1 web-2
  ${older}   -     ci     -          on all 3 hosts, current on web-3
  bad                       3m    anna   badc0de    on all 3 hosts   bad: health check web-2
  dead                      3m    anna   7a6ae02    on 1/3 hosts, missing on web-2 web-3   never confirmed
  ci                        3m    anna   7a6ae02    on all 3 hosts   artifact app\\x1b.tgz
  20261101                  3m    -      7a6ae02    on 2/3 hosts, missing on web-3, not made by clonedeploy on web-1
`)
    expect(releasesJson(report)).toEqual({ v: 1, command: 'releases', ...report })
  })

  it('fits 40 hosts', () => {
    const report: ReleasesReport = {
      app: 'shop',
      stage: 'production',
      hosts: many(() => 'current').map(host => host.name),
      releases: [
        { ...row, id: 'a', hosts: many(() => 'current') },
        { ...row, id: 'b', hosts: many(i => (i === 3 || i === 9 ? 'missing' : 'intact')) },
        { ...row, id: 'c', hosts: many(i => (i < 10 ? 'bad' : 'missing')) },
      ],
    }
    expect(releasesText(report, noPaint, now)).toBe(`shop → production   40 hosts   3 releases

  RELEASE   AGE   BY     REVISION   WHERE
  a         3m    anna   7a6ae02    current on all 40 hosts
  b         3m    anna   7a6ae02    on 38/40 hosts, missing on web-3 web-9
  c         3m    anna   7a6ae02    on 9/40 hosts, missing on 31/40 hosts, bad on 9/40 hosts
`)
  })

  it('says when there are none', () => {
    const none = { app: 'shop', stage: 'production', hosts: ['web-1'], releases: [] }
    expect(releasesText(none, noPaint, now)).toBe('shop → production   1 host   0 releases\n')
  })
})

describe('a dry run', () => {
  const report: DryRunReport = {
    app: 'shop',
    stage: 'production',
    release: newer,
    offline: false,
    hosts: ['web-1', 'web-2'].map((name, i) => ({
      name,
      now: older,
      would: newer,
      freeKb: (41 - i) * 1_000_000,
      needsKb: 200_000,
      bytes: 12_400_000,
    })),
    origin: null,
    commits: [
      { id: '7a6ae02aaaaaaaa', author: 'Anna', subject: 'cart: new route' },
      { id: 'c0ffee1bbbbbbbb', author: 'Anna', subject: 'more\u001b[2J' },
    ],
    takesAway: [],
    files: { total: 412, added: 3, removed: 1, changed: 17, notCompared: null },
    steps: [
      { mark: '$', where: 'each', text: 'read what it serves' },
      { mark: '!', where: 'local', text: 'npm run build' },
      { mark: '!', where: 'one host', text: 'npm run migrate' },
    ],
    adopt: false,
    problems: [],
    warnings: [],
    next: [],
  }

  it('shows what would change and what would run', () => {
    expect(dryRunText(report, noPaint)).toBe(`shop → production   dry run, nothing will change

  HOST    SERVES NOW                WOULD SERVE               FREE    NEEDS    TO SEND
  web-1   ${older}   ${newer}   42 GB   205 MB   12.4 MB
  web-2   ${older}   ${newer}   41 GB   205 MB   12.4 MB

  2 commits: 7a6ae02 cart: new route · c0ffee1 more\\x1b[2J
  files: 412, +3 −1 ~17 against the running release

  steps: $ ran, ! would run
  $ each       read what it serves
  ! local      npm run build
  ! one host   npm run migrate

No problems found. Run it: clonedeploy deploy production
`)
  })

  it('does not count against what runs where that is newer, or another tool made it', () => {
    const notCompared = 'the running release was made by another tool: not compared'
    const files = { total: 8, added: null, removed: null, changed: null, notCompared }
    const back = { commits: [], takesAway: [{ id: '4c87261aaaaaaaa', author: 'Bob', subject: 'Shop' }], files }
    const text = dryRunText({ ...report, ...back }, noPaint)
    expect(text).toContain(`\n\n  files: 8; ${notCompared}\n\n`)
    expect(text).not.toContain('commit')
  })

  it('names the problems that would stop the deploy', () => {
    const changes = { problems: ['web-2 has too little disk space.'], warnings: ['odd'], next: ['clonedeploy prune'] }
    expect(
      dryRunText({ ...report, ...changes }, noPaint)
        .split('\n\n')
        .at(-1),
    ).toBe(`! odd
✖ web-2 has too little disk space.
  clonedeploy prune
`)
  })

  it('without the hosts says nothing of them', () => {
    const offline = { ...report, offline: true, hosts: [], commits: null, files: null, steps: [] }
    expect(dryRunText(offline, noPaint)).toBe(`shop → production   dry run, nothing will change

  release ${newer}; hosts were not contacted.

No problems found. Run it: clonedeploy deploy production
`)
  })

  it('of what is served already says so', () => {
    const hosts = report.hosts.map(host => ({ ...host, now: newer, freeKb: null, bytes: null }))
    const text = dryRunText({ ...report, hosts, commits: [] }, noPaint)
    expect(text).toContain(`  web-1   ${newer}   ${newer}   ?      205 MB   ?\n`)
    expect(text).toContain('\n  0 commits\n')
    expect(text).toContain('\n\nNothing would change. Run it: clonedeploy deploy production\n')
  })

  it('is the same object as JSON', () => {
    expect(dryRunJson(report)).toEqual({ v: 1, command: 'deploy', dryRun: true, ...report })
  })
})

function statusReport(changes: Partial<StatusReport>): StatusReport {
  return {
    v: 1,
    command: 'status',
    app: 'shop',
    stage: 'production',
    result: 'consistent',
    exitCode: 0,
    target: newer,
    lock: null,
    hosts: [statusHost('web-1')],
    split: null,
    problems: [],
    next: [],
    ...changes,
  }
}

function statusHost(name: string, changes: Partial<StatusHost> = {}): StatusHost {
  return {
    name,
    reachable: true,
    error: null,
    current: newer,
    digest: null,
    served: null,
    health: 'ok',
    healthNote: '200 12 ms',
    drift: null,
    processes: [],
    oldProcesses: 'fail',
    transaction: null,
    releases: [newer, older],
    last: { at: '2026-11-23T18:30:45Z', by: 'anna', command: 'deploy', release: newer, previous: older },
    flag: null,
    verdict: 'consistent',
    says: null,
    next: null,
    behind: null,
    ...changes,
  }
}
