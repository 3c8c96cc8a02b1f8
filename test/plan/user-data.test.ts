import { describe, expect, it } from 'vitest'
import type { Audited, AuditFile } from '../../src/scripts/read/audit.js'
import { type AuditedHost, auditFleet } from '../../src/state/user-data.js'

const about = { app: 'shop', stage: 'production' }
const known = { ignore: [] as readonly string[], files: ['.env'] as readonly string[] }
const empty: Audited = { files: [], cut: [], unread: [], private: [], unsealed: [] }

function file(evidence: AuditFile['evidence'], path: string, change: Partial<AuditFile> = {}): AuditFile {
  return { evidence, path, size: 1, modified: 0, owner: 'www', sum: 'a', process: null, ...change }
}

function host(name: string, files: readonly AuditFile[], change: Partial<Audited> = {}): AuditedHost {
  return { name, audited: { ...empty, files, ...change }, error: null }
}

const shared = (path: string, change: Partial<AuditFile> = {}) => file('shared', `shared/${path}`, change)
const whys = (hosts: readonly AuditedHost[], ask: Partial<typeof known> = {}) =>
  auditFleet(about, hosts, { ...known, ...ask }).found.map(({ path, why }) => `${path}: ${why}`)

describe('a file of shared/', () => {
  const differs = ['shared/a: it differs between hosts']
  it.each([
    ['the same on all hosts', [shared('a')], [shared('a')], []],
    ['the same, of another time and owner', [shared('a')], [shared('a', { modified: 9, owner: 'root' })], []],
    ['of another content', [shared('a')], [shared('a', { sum: 'b' })], differs],
    ['of another size', [shared('a')], [shared('a', { size: 2 })], differs],
    ['of another size, which one host could not read', [shared('a')], [shared('a', { size: 2, sum: null })], differs],
    ['of the same size, which one host could not read', [shared('a')], [shared('a', { sum: null })], []],
    ['on one host only', [shared('a')], [], ['shared/a: it is on 1 of 2 hosts']],
  ])('%s', (_, one, two, found) => expect(whys([host('h1', one), host('h2', two)])).toEqual(found))

  it('on a fleet of one host is compared with nothing, and that is told', () => {
    const { result, notes } = auditFleet(about, [host('h1', [shared('a')])], known)
    expect([result, notes]).toEqual(['clean', ['shared/ was compared with no other host: one host was read']])
  })

  it('is not missed on a host whose list ended before it', () => {
    const long = host('h2', [shared('a'), shared('b')], { cut: ['shared'] })
    const files = [shared('a'), shared('aa'), shared('b'), shared('c')]
    expect(whys([host('h1', files), long])).toEqual(['shared/aa: it is on 1 of 2 hosts'])
  })
})

describe('other evidence', () => {
  it.each([
    [file('release', 'releases/one/a'), 'it came into the release after its seal'],
    [file('session', '/var/lib/php/sessions/sess_a'), 'it lies where sessions are kept'],
    [file('open', 'notes', { process: 'node (7)' }), 'node (7) has it open for writing'],
  ])('is enough on one host: %j', (found, why) => {
    expect(whys([host('h1', [found]), host('h2', [])])).toEqual([`${found.path}: ${why}`])
  })

  it('is told together, once for each host, with the process that writes', () => {
    const files = [
      shared('db.sqlite', { modified: 5 }),
      file('open', 'shared/db.sqlite', { modified: 5, process: 'node (7)' }),
    ]
    const { found } = auditFleet(about, [host('h1', files), host('h2', [shared('db.sqlite')])], known)
    expect(found).toEqual([
      {
        path: 'shared/db.sqlite',
        kind: 'database',
        evidence: ['shared', 'open'],
        why: 'node (7) has it open for writing',
        hosts: [
          { name: 'h1', size: 1, modified: '1970-01-01T00:00:05.000Z', owner: 'www', process: 'node (7)' },
          { name: 'h2', size: 1, modified: '1970-01-01T00:00:00.000Z', owner: 'www', process: null },
        ],
      },
    ])
  })
})

describe('the kind of a path', () => {
  it.each([
    [shared('.env'), 'configuration', 'the same on all hosts'],
    [file('session', 'shared/tmp/sessions/abc'), 'session', 'Redis'],
    [shared('sess_0a1b'), 'session', 'Redis'],
    [shared('data/app.db'), 'database', 'database server'],
    [file('open', 'app.sqlite3-wal'), 'database', 'database server'],
    [shared('log/app.log.1.gz'), 'log', 'syslog'],
    [file('release', 'releases/one/__pycache__/a.pyc'), 'cache', 'writable'],
    [file('release', 'releases/one/public/cat.JPEG'), 'upload', 'object store'],
    [file('release', 'releases/one/uploads/7'), 'upload', 'object store'],
    [shared('pid'), 'file', 'audit: { ignore'],
    [shared('pids/web.pid'), 'file', 'audit: { ignore'],
    [shared('anything'), 'upload', 'object store'],
    [file('release', 'releases/one/anything'), 'file', 'object store'],
  ])('%j is %s, and the advice names %s', (one, kind, word) => {
    const { found, advice } = auditFleet(about, [host('h1', [one]), host('h2', [])], known)
    expect(found.map(each => each.kind)).toEqual([kind])
    expect(Object.entries(advice)).toEqual([[kind, expect.stringContaining(word)]])
  })
})

describe('what is ignored', () => {
  const files = [
    shared('log/a'),
    file('open', 'releases/one/log/b'),
    file('open', 'current/log/b'),
    file('session', '/tmp/sess_1'),
    file('open', 'logs'),
  ]
  it.each([
    [[], 5],
    [['log/**'], 2],
    [['log'], 2],
    [['/tmp/sess_*'], 4],
    [['/tmp', 'log', 'logs'], 0],
  ])('by %j leaves %i', (ignore, count) => {
    expect(whys([host('h1', files), host('h2', [])], { ignore })).toHaveLength(count)
  })
})

describe('the result', () => {
  const lost: AuditedHost = { name: 'h2', audited: null, error: 'no\u001banswer' }
  const found = [file('release', 'releases/one/a')]
  it.each([
    ['clean', [host('h1', []), host('h2', [])]],
    ['clean', [host('h1', [], { private: ['/var/lib/php/sessions'] }), host('h2', [])]],
    ['found', [host('h1', found), host('h2', [])]],
    ['found', [host('h1', found), lost]],
    ['incomplete', [host('h1', []), lost]],
    ['incomplete', [host('h1', [], { unread: ['shared/'] }), host('h2', [])]],
    ['incomplete', [host('h1', [], { cut: ['open'] }), host('h2', [])]],
    ['incomplete', [host('h1', [], { unsealed: ['one'] }), host('h2', [])]],
    ['incomplete', [host('h1', [shared('a', { sum: null })]), host('h2', [shared('a')])]],
  ] as const)('is %s: %j', (result, hosts) => {
    expect(auditFleet(about, hosts, known).result).toBe(result)
  })

  it('names each gap, and cannot bring control characters to the terminal', () => {
    const gaps = { unread: ['sh\nared'], private: ['/php'], cut: ['open' as const], unsealed: ['one'] }
    const unread = [shared('a\u001b', { sum: null }), shared('b', { sum: null }), shared('c', { sum: null })]
    const report = auditFleet(about, [host('h1', [file('open', 'x\u001b')], gaps), lost, host('h3', unread)], known)
    expect(report.notes).toEqual([
      'h1: the login may not read sh\\x0aared',
      'h1: whether sessions lie in /php is not known: the login may not read it',
      'h1: open: too many files, the first ones were listed',
      'h1: what was sealed of one is not known',
      'h3: could not read shared/a\\x1b and 2 more files',
    ])
    expect(report.found.map(({ path }) => path)).toContain('x\\x1b')
    expect(report.hosts).toEqual([
      { name: 'h1', reachable: true, error: null },
      { name: 'h2', reachable: false, error: 'no\\x1banswer' },
      { name: 'h3', reachable: true, error: null },
    ])
  })
})
