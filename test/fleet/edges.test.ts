import { describe, expect, it } from 'vitest'
import { BalancerError } from '../../src/balancer/balancer.js'
import { ConnectError, LostError } from '../../src/connection/errors.js'
import { linesOf } from '../../src/fleet/app-log.js'
import { failureOf } from '../../src/fleet/failure.js'
import { outputLines } from '../../src/fleet/output-lines.js'
import { parseInspect } from '../../src/fleet/read/parse-inspect.js'
import { differences } from '../../src/fleet/read/verify-held-release.js'
import { parseFacts } from '../../src/scripts/read/facts.js'
import { parseProcesses } from '../../src/scripts/read/processes.js'
import { parseServices } from '../../src/scripts/service/service-check.js'
import { codes } from '../../src/scripts/shell/codes.js'
import { asideOf } from '../../src/state/preflight.js'
import { acting, evil, textsIn } from '../support/evil.js'

const said = (text: string) => Buffer.from(text)
const result = { code: codes.notIntact, signal: null, lost: null, ms: 0, stdout: said(evil), stderr: said(evil) }
const attempt = { phase: 'push', step: 'push', text: 'push', timeout: 1000 } as const

function lines(): readonly string[] {
  const told: string[] = []
  const output = outputLines((_, line) => told.push(line))
  output.write('stdout', said(evil))
  output.end()
  return told
}

describe('what a host says cannot act on a terminal from where it is read on', () => {
  it.each([
    ['why a script failed', () => failureOf(attempt, result)],
    ['a log', () => linesOf(said(evil))],
    ['output', lines],
    ['names of files', () => differences([`-f 644 1 x ${evil}`, `+l x//${evil}`, `x ${evil}`])],
    ['its tar', () => parseFacts(said(`tar ${evil}\n`))],
    ['its services', () => parseServices(said(`who ${evil}\nsystemctl /${evil}\n0 denied ${evil}`), 1)],
    ['its processes', () => parseProcesses(said(`process 1 20260101-000000-aaaaaaa app ${evil}`))],
    ['why there is no session', () => new ConnectError('lost', 'h1', evil, { details: [evil] })],
    ['why a session was lost', () => new LostError(evil)],
    ['a balancer', () => new BalancerError(evil)],
  ])('%s', (_, read) => {
    const texts = textsIn(read())
    expect(texts.join('\n')).toContain('evil')
    expect(texts.filter(text => acting.test(text))).toEqual([])
  })
})

describe('what a host says of its services', () => {
  it('never is of one that nobody asked about, and is never more than a name and a path in a line for sudoers', () => {
    const text =
      'who root ALL=(ALL) NOPASSWD: ALL #\nwho deploy\nsystemctl /bin/sh -c\n7 no-sudo\n0 no-such\n1 no-sudo x'
    expect(parseServices(said(text), 2)).toEqual({
      who: 'deploy',
      systemctl: '/usr/bin/systemctl',
      faults: [{ service: 1, what: 'no-sudo', detail: 'x' }],
    })
  })
})

it('a folder is one word in a command to type, whatever its name', () => {
  const state = parseInspect('h1', said('root /srv/a b;c\nclock 1\nkind folder\nfleet 5'))
  expect(state && asideOf(state, '.clonedeploy/fleet')).toBe(
    "mv '/srv/a b;c/.clonedeploy/fleet' '/srv/a b;c/.clonedeploy/damaged-fleet'     (on h1, when you have looked at it)",
  )
})

describe('a long answer', () => {
  const size = 1 << 20
  const head = 'root /srv/shop\nclock 1\nkind folder\n'
  const id = (i: number) => `20260101-000000-${i.toString(36)}`
  const filled = (line: (i: number) => string) => {
    const lines = [head]
    for (let i = 0, length = 0; length < size; i += 1) {
      const next = line(i)
      length += next.length + 1
      lines.push(next)
    }
    return parseInspect('h1', said(lines.join('\n')))
  }

  it.each([
    ['releases', (i: number) => `release ${id(i)}`, { releases: 1000, transactions: 0, damaged: 0 }],
    ['seals', (i: number) => `release ${id(i)}\nseal ${id(i)} - 5`, { releases: 1000, transactions: 0, damaged: 20 }],
    ['transactions', (i: number) => `tx ${i} prepared - -`, { releases: 0, transactions: 1000, damaged: 1 }],
    ['transactions of no name', () => 'tx ../x - - -', { releases: 0, transactions: 0, damaged: 20 }],
    ['words that it was not asked for', (i: number) => `${i} x`, { releases: 0, transactions: 0, damaged: 0 }],
    ['files that are missing', (i: number) => `missing ${i}`, { releases: 0, transactions: 0, damaged: 0 }],
  ])('with nothing but %s keeps nobody from the other hosts', (_, line, counts) => {
    const state = filled(line)
    expect({
      releases: state?.releases.length,
      transactions: state?.transactions.length,
      damaged: state?.damaged.length,
    }).toEqual(counts)
    expect(state?.missing.length).toBeLessThanOrEqual(1000)
  })

  it('is said to hold too much, where that cannot be looked at', () => {
    expect(filled(i => `tx ${i} prepared - -`)?.damaged).toEqual([
      { file: '.clonedeploy/tx', why: 'holds more than 1000 transactions' },
    ])
  })

  it('is looked at from the newest release on', () => {
    const ids = Array.from({ length: 1500 }, (_, i) => `20260101-00${String(i).padStart(4, '0')}-aaaaaaa`)
    const state = parseInspect('h1', said(`${head}${ids.map(one => `release ${one}`).join('\n')}`))
    expect(state?.releases[0]?.id).toBe(ids.at(-1))
  })
})
