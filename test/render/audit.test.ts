import { describe, expect, it } from 'vitest'
import { noPaint } from '../../src/render/paint.js'
import { auditText } from '../../src/render/reports/audit.js'
import type { AuditReport } from '../../src/state/user-data.js'

const now = new Date('2026-11-23T18:34:00Z')
const host = (name: string) => ({ name, reachable: true, error: null })
const on = (name: string, process: string | null = null) => {
  return { name, size: 12_400, modified: '2026-11-23T18:31:00.000Z', owner: 'www-data', process }
}
const report = (change: Partial<AuditReport> = {}): AuditReport => ({
  ...{ app: 'shop', stage: 'production', result: 'clean', hosts: [host('web-1'), host('web-2')] },
  ...{ found: [], answers: [], login: null, advice: {}, notes: [], ...change },
})
const upload = { path: 'shared/uploads/cat.png', kind: 'upload', evidence: ['shared'] } as const

describe('an audit', () => {
  it('of a clean fleet says so, and of how many hosts', () => {
    expect(auditText(report(), noPaint, now)).toBe(`shop → production   2 hosts

✔ No data of users was found on 2 hosts.
`)
  })

  it('shows what was found, on which hosts, why, and the advice for each kind', () => {
    const found = [
      { ...upload, why: 'it is on 1 of 2 hosts', hosts: [on('web-1')] },
      {
        path: 'shared/app.sqlite',
        kind: 'database' as const,
        evidence: ['shared', 'open'] as const,
        why: 'node (7) has it open for writing',
        hosts: [on('web-1', 'node (7)'), on('web-2')],
      },
    ]
    const advice = { upload: 'Put it elsewhere.', database: 'Move it.' }
    const text = auditText(report({ result: 'found', found, advice, notes: ['web-2: a note'] }), noPaint, now)
    expect(text).toBe(`shop → production   2 hosts

  KIND       PATH                                 HOST    SIZE      AGE   OWNER
  upload     shared/uploads/cat.png               web-1   12.4 kB   3m    www-data
               it is on 1 of 2 hosts
  database   shared/app.sqlite                    web-1   12.4 kB   3m    www-data
                                                  web-2   12.4 kB   3m    www-data
               node (7) has it open for writing

  upload     Put it elsewhere.
  database   Move it.

  web-2: a note
✖ 2 paths may hold data of users.
`)
  })

  it('shows where hosts answer differently, and who does not know a user', () => {
    const body = { request: 'GET /', part: 'body' as const, header: null, line: 3, hosts: ['web-3'], says: '16:05' }
    const answers = [
      { ...body, others: ['web-1', 'web-2'], othersSay: '14:05' },
      {
        ...body,
        part: 'header' as const,
        header: 'vary',
        line: null,
        says: '',
        others: ['web-1'],
        othersSay: 'accept',
      },
    ]
    const unknown = [
      { name: 'web-1', status: 200 },
      { name: 'web-2', status: 302 },
    ]
    const login = { host: 'web-1', page: 'GET /', result: 'unknown' as const, known: ['web-1'], unknown, error: null }
    const advice = { answer: 'Look there.', session: 'Use Redis.' }
    expect(
      auditText(report({ result: 'found', answers, login, advice }), noPaint, now),
    ).toBe(`shop → production   2 hosts

  GET /: line 3 of the body differs between hosts
    web-3             16:05
    web-1 and web-2   14:05

  GET /: the header vary differs between hosts
    web-3   (nothing)
    web-1   accept

  who logs in on web-1 is known there, and not on every host:
  web-1 itself forgets them now and then
  web-2 does not: GET / is answered 302 without them

  answer    Look there.
  session   Use Redis.

✖ Hosts answer differently. A session is kept on one host.
`)
  })

  it('names the host that could not be read, and calls nothing clean then', () => {
    const hosts = [host('web-1'), { name: 'web-2', reachable: false, error: 'connection refused' }]
    expect(auditText(report({ result: 'incomplete', hosts }), noPaint, now)).toBe(`shop → production   2 hosts

✖ web-2 could not be read: connection refused
✖ Nothing was found, and not everything could be read: nobody can say that the fleet is clean.
`)
  })

  it('shows a hundred paths, and says how many more there are', () => {
    const found = Array.from({ length: 103 }, (_, i) => ({
      ...upload,
      path: `p${i}`,
      why: 'why',
      hosts: [on('web-1')],
    }))
    const lines = auditText(report({ result: 'found', found, advice: {} }), noPaint, now).split('\n')
    expect(lines.filter(line => line.includes('why'))).toHaveLength(100)
    expect(lines).toContain('  … 3 more: --json has all')
    expect(lines).toContain('✖ 103 paths may hold data of users.')
  })
})
