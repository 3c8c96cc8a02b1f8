import { describe, expect, it } from 'vitest'
import type { HostFailure, HostOutcome, Outcome } from '../../src/fleet/outcome.js'
import { createPaint, noPaint } from '../../src/render/paint.js'
import { outcomeText, resultLine } from '../../src/render/reports/outcome.js'
import { outcomeJson } from '../../src/render/reports/outcome-json.js'
import { hostOutcome, newer, older, outcome } from './run.js'

const failure: HostFailure = {
  phase: 'health',
  step: 'health',
  message: 'GET http://127.0.0.1:3000/healthz → 500, 10 tries in 30s',
  hint: null,
  output: [],
}

function on(names: readonly string[], current: string | null) {
  return names.map(name => hostOutcome(name, { current }))
}

describe('the last words', () => {
  it.each<[string, Partial<Outcome>, string]>([
    [
      'a deploy',
      { next: ['clonedeploy rollback'] },
      `✔ Deployed ${newer} to 3 hosts in 31s.
  undo: clonedeploy rollback
  log:  .clonedeploy/logs/${newer}.log
`,
    ],
    [
      'a first deploy, which has no undo',
      { previous: null, log: null, hosts: on(['web-1'], newer), seconds: 1.04 },
      `✔ Deployed ${newer} to 1 host in 1s.
`,
    ],
    [
      'a deploy with a warning and its own next step',
      { warnings: ['web-2 is 40s behind'], next: ['undo: clonedeploy rollback staging'] },
      `✔ Deployed ${newer} to 3 hosts in 31s.

  ! web-2 is 40s behind

  undo: clonedeploy rollback staging
  log:  .clonedeploy/logs/${newer}.log
`,
    ],
    [
      'nothing to do',
      { result: 'unchanged', log: null },
      `✔ Nothing to do: all 3 hosts serve ${newer} already (digest 9f2c1e…). --force deploys again.
`,
    ],
    [
      'nothing to repair',
      { command: 'repair', result: 'unchanged', digest: null, log: null, hosts: on(['web-1', 'web-2'], newer) },
      `✔ Nothing to do: both hosts serve ${newer} already.
`,
    ],
    [
      'a repair that put hosts back into service and had nothing else to do',
      {
        command: 'repair',
        result: 'unchanged',
        digest: null,
        log: null,
        hosts: [hostOutcome('web-1'), hostOutcome('web-2', { back: 'HAProxy web/web-2' })],
      },
      `✔ Put web-2 back into service: both hosts serve ${newer} already.
`,
    ],
    [
      'a rollback by command, whichever result it has',
      { command: 'rollback', result: 'rolled-back', release: older, seconds: 3, hosts: on(['a', 'b', 'c'], older) },
      `✔ Rolled back 3 hosts to ${older} in 3s.
  log: .clonedeploy/logs/${newer}.log
`,
    ],
    [
      'a rollback by command with the result of a deploy',
      { command: 'rollback', release: older, seconds: 3, log: null, hosts: on(['a', 'b', 'c'], older) },
      `✔ Rolled back 3 hosts to ${older} in 3s.
`,
    ],
    [
      'a repair',
      { command: 'repair', log: null },
      `✔ Repaired: all 3 hosts serve ${newer}.
`,
    ],
    [
      'a join',
      { command: 'join', log: null, hosts: on(['web-4'], newer) },
      `✔ Joined web-4 with ${newer} in 31s.
`,
    ],
    [
      'a deploy that left a host out',
      { hosts: [...on(['web-1', 'web-2'], newer), ...on(['web-3'], older)], log: null, previous: null },
      `✔ Deployed ${newer} to 2 hosts in 31s.

  HOST    SERVES                    STATE
  web-1   ${newer}   ok
  web-2   ${newer}   ok
  web-3   ${older}   ok
`,
    ],
    [
      'a deploy that stopped before the swap',
      {
        result: 'aborted',
        exitCode: 3,
        reason: 'prepare failed on web-2',
        hosts: [
          ...on(['web-1'], older),
          hostOutcome('web-2', {
            current: older,
            error: {
              phase: 'prepare',
              step: 'npm ci',
              message: 'exit 1 after 3.2s',
              hint: 'the lock file and package.json differ',
              output: ['npm error \u001b[31mEUSAGE', 'npm error'],
            },
          }),
          ...on(['web-3'], older),
        ],
        next: ['clonedeploy deploy'],
      },
      `✖ Deploy failed on web-2. Nothing was swapped: all 3 hosts still serve ${older}.

  prepare failed on web-2

  web-2   prepare, npm ci: exit 1 after 3.2s
  web-2 | npm error \\x1b[31mEUSAGE
  web-2 | npm error
  the lock file and package.json differ

  next: clonedeploy deploy
  log:  .clonedeploy/logs/${newer}.log
`,
    ],
    [
      'a deploy that was stopped after its swap',
      {
        result: 'put-back',
        exitCode: 5,
        reason: 'stopped by Ctrl-C during restart',
        stopped: true,
        log: null,
        next: [],
        hosts: on(['web-1', 'web-2', 'web-3'], older),
      },
      `✖ Stopped by Ctrl-C during restart. All 3 hosts serve ${older} again (verified).
`,
    ],
    [
      'a first deploy that was stopped',
      {
        result: 'aborted',
        exitCode: 3,
        reason: 'stopped by Ctrl-C',
        stopped: true,
        previous: null,
        log: null,
        hosts: on(['web-1', 'web-2'], null),
      },
      `✖ Stopped by Ctrl-C. Nothing was swapped: both hosts still serve no release.
`,
    ],
    [
      'a host that was to rejoin and could not: it stays out of service',
      {
        command: 'repair',
        result: 'aborted',
        exitCode: 3,
        reason: 'no start here',
        log: null,
        hosts: [...on(['a'], newer), hostOutcome('b', { current: newer, out: 'HAProxy web/b-3001' })],
        next: ['when b is well: clonedeploy repair'],
      },
      `✖ Repair failed. Nothing was swapped: both hosts still serve ${newer}. b stays out of HAProxy web/b-3001.

  no start here

  when b is well: clonedeploy repair
`,
    ],
    [
      'a deploy that stopped on a fleet that differed already',
      {
        result: 'aborted',
        exitCode: 3,
        reason: 'disk full',
        log: null,
        hosts: [...on(['a'], newer), ...on(['b'], older)],
      },
      `✖ Deploy failed. Nothing was swapped: every host still serves what it served before.

  disk full

  HOST   SERVES                    STATE
  a      ${newer}   ok
  b      ${older}   ok
`,
    ],
    [
      'a first deploy that stopped when a host was lost: none was told to swap, so what was read of them is true',
      {
        result: 'aborted',
        exitCode: 3,
        reason: 'web-3 was lost',
        log: null,
        hosts: [
          ...['web-1', 'web-2'].map(name => hostOutcome(name, { current: null, healthy: null })),
          hostOutcome('web-3', { current: null, error: { ...failure, phase: 'push', message: 'connection lost' } }),
        ],
      },
      `✖ Deploy failed on web-3. Nothing was swapped: all 3 hosts still serve no release.

  web-3 was lost

  web-3   push, health: connection lost
`,
    ],
    [
      'a deploy that was rolled back',
      {
        result: 'put-back',
        exitCode: 5,
        hosts: [
          ...on(['web-1', 'web-2'], older),
          hostOutcome('web-3', {
            current: older,
            error: { ...failure, output: ["Error: Cannot find module './routes/cart.js'", '    at server.js:12:1'] },
          }),
        ],
        warnings: ['The release is kept and marked bad (rollback skips it).'],
        next: [`look: clonedeploy logs web-3 --release ${newer}`],
      },
      `✖ Deploy failed on web-3. All 3 hosts serve ${older} again (verified).

  web-3   health: GET http://127.0.0.1:3000/healthz → 500, 10 tries in 30s
  web-3 | Error: Cannot find module './routes/cart.js'
  web-3 |     at server.js:12:1

  ! The release is kept and marked bad (rollback skips it).

  look: clonedeploy logs web-3 --release ${newer}
  log:  .clonedeploy/logs/${newer}.log
`,
    ],
    [
      'a first deploy that was rolled back on its one host',
      {
        result: 'put-back',
        exitCode: 5,
        previous: null,
        log: null,
        hosts: [hostOutcome('web-1', { current: null, healthy: null, error: failure })],
      },
      `✖ Deploy failed on web-1. The host serves no release again (verified).

  web-1   health: GET http://127.0.0.1:3000/healthz → 500, 10 tries in 30s
`,
    ],
    [
      'a rollback command whose failure put each host back on its own release',
      {
        command: 'rollback',
        result: 'put-back',
        exitCode: 5,
        reason: 'the restart failed',
        log: null,
        hosts: [...on(['a'], newer), ...on(['b'], null)],
      },
      `✖ Rollback failed. Every host serves again what it served before (verified).

  the restart failed

  HOST   SERVES                    STATE
  a      ${newer}   ok
  b      nothing                   ok
`,
    ],
    [
      'a mixed fleet',
      {
        result: 'mixed',
        exitCode: 6,
        reason: 'web-3 did not answer during the rollback',
        hosts: [
          ...on(['web-1', 'web-2'], older),
          hostOutcome('web-3', {
            current: newer,
            healthy: null,
            error: { ...failure, phase: 'rollback', message: 'lost at 18:31:40 (keepalive timeout)' },
          }),
        ],
        warnings: ['The deploy lock stays, so nobody deploys onto a mixed fleet.'],
        next: ['clonedeploy repair'],
      },
      `✖ FLEET IS MIXED: web-3 did not answer during the rollback.

  HOST    SERVES                      STATE
  web-1   ${older}     ok
  web-2   ${older}     ok
  web-3   ${newer} ?   rollback: lost at 18:31:40 (keepalive timeout)

  ! The deploy lock stays, so nobody deploys onto a mixed fleet.

  fix: clonedeploy repair
  log: .clonedeploy/logs/${newer}.log
`,
    ],
    [
      'a fleet of which one host is not known',
      {
        result: 'mixed',
        exitCode: 6,
        reason: null,
        log: null,
        hosts: [
          hostOutcome('web-1', { healthy: null }),
          hostOutcome('web-2', { healthy: false }),
          hostOutcome('web-3', {
            current: null,
            healthy: null,
            error: {
              ...failure,
              phase: 'confirm',
              message: 'no answer\nat all',
              hint: 'its lease ends at 18:32:10',
              output: ['Killed'],
            },
          }),
        ],
      },
      `✖ FLEET MAY BE MIXED: Deploy failed on web-3.

  HOST    SERVES                    STATE
  web-1   ${newer}   read back
  web-2   ${newer}   unhealthy
  web-3   ?                         confirm: no answer

  web-3   confirm, health: no answer
    at all
  web-3 | Killed
  its lease ends at 18:32:10
`,
    ],
    [
      'a fleet that is back, and not known to serve it',
      {
        result: 'mixed',
        exitCode: 6,
        reason: 'web-1: sudo was refused; and on the way back web-1: sudo was refused',
        log: null,
        hosts: ['web-1', 'web-2'].map(name =>
          hostOutcome(name, {
            current: older,
            healthy: null,
            error: { ...failure, phase: 'rollback', step: 'restart', message: 'sudo was refused' },
          }),
        ),
      },
      `✖ Both hosts are back on ${older}, but it is not certain that they all serve it: web-1: sudo was refused; and on the way back web-1: sudo was refused.

  HOST    SERVES                    STATE
  web-1   ${older}   files old, service state unknown: sudo was refused
  web-2   ${older}   files old, service state unknown: sudo was refused
`,
    ],
  ])('of %s', (_what, changes, text) => {
    expect(outcomeText(outcome(changes), noPaint)).toBe(text)
  })

  it('tell once what failed alike on several hosts', () => {
    const app = { ...failure, log: { source: 'journalctl -u shop', lines: ['Error: no cart'] } }
    const hosts = ['web-1', 'web-2', 'web-3'].map(name => hostOutcome(name, { current: older, error: app }))
    const told = (some: readonly HostOutcome[]) =>
      outcomeText(outcome({ result: 'put-back', exitCode: 5, log: null, hosts: some }), noPaint)
        .split('\n')
        .slice(2)
    expect(told(hosts)).toEqual([
      '  web-1, web-2 and web-3   health: GET http://127.0.0.1:3000/healthz → 500, 10 tries in 30s',
      '  web-1, web-2, web-3 | Error: no cart',
      '  (last line of: journalctl -u shop)',
      '',
    ])
    expect(told([...hosts, hostOutcome('web-4', { current: older, error: app })]).slice(0, 2)).toEqual([
      '  web-1, web-2, web-3 and web-4   health: GET http://127.0.0.1:3000/healthz → 500, 10 tries in 30s',
      '  4 hosts | Error: no cart',
    ])
  })

  it('tell of three failures and name the other hosts', () => {
    const hosts = Array.from({ length: 12 }, (_, i) => {
      const error = { ...failure, message: `exit ${Math.max(0, i - 2)}` }
      return hostOutcome(`w${i + 1}`, { current: older, error })
    })
    const text = outcomeText(outcome({ result: 'put-back', exitCode: 5, log: null, hosts }), noPaint)
    expect(text).toBe(`✖ Deploy failed on w1, w2 and 10 more. All 12 hosts serve ${older} again (verified).

  w1, w2 and w3   health: exit 0

  w4   health: exit 1

  w5   health: exit 2

  w6, w7, w8, w9, w10, w11 and w12 failed too.
`)
  })

  it('are coloured where the terminal takes colour', async () => {
    const text = outcomeText(outcome({ log: null, previous: null }), await createPaint(1))
    expect(text).toBe(`\u001b[32m✔\u001b[39m Deployed ${newer} to 3 hosts in 31s.\n`)
  })
})

describe('the outcome for programs', () => {
  it('is one line', () => {
    expect(resultLine(outcome({ seconds: 30.6 }))).toBe(`deployed release=${newer} hosts=3 seconds=31`)
  })

  it('is one JSON object of the contract', () => {
    const error = { phase: 'health', step: 'health', message: 'no', hint: null, output: ['Error: no'] } as const
    const hosts = [hostOutcome('web-1', { current: older, healthy: false, error })]
    const json = outcomeJson(outcome({ result: 'put-back', exitCode: 5, hosts, reason: 'no', digest: 'sha256:9f' }))
    expect(JSON.stringify(json)).toBe(
      `{"v":1,"command":"deploy","result":"put-back","exitCode":5,"stage":"production","release":"${newer}","previous":"${older}","digest":"sha256:9f","seconds":31,"bytes":37200000,"swapWindowMs":41,"switchWindowMs":null,"hosts":[{"name":"web-1","current":"${older}","digest":"sha256:9f2c1e${'0'.repeat(58)}","healthy":false,"bytes":12400000,"error":{"phase":"health","step":"health","message":"no","hint":null,"output":["Error: no"],"log":null}}],"reason":"no","next":[],"warnings":[]}`,
    )
  })
})

describe('what a host printed at length', () => {
  const printed = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`)
  const web2 = { ...failure, phase: 'restart', step: 'restart', message: 'exit 1', output: printed } as const
  const failed = outcome({
    result: 'put-back',
    exitCode: 5,
    reason: 'web-2: exit 1',
    hosts: [...on(['web-1'], older), hostOutcome('web-2', { current: older, error: web2 })],
    next: ['look: clonedeploy logs web-2'],
  })

  it('stands above the headline: the last 24 rows are what failed, why, and what to do', () => {
    const lines = outcomeText(failed, noPaint).trimEnd().split('\n')
    expect(lines.slice(0, 20)).toEqual(printed.map(line => `  web-2 | ${line}`))
    expect(lines.slice(20)).toEqual([
      '',
      `✖ Deploy failed on web-2. Both hosts serve ${older} again (verified).`,
      '',
      '  web-2   restart: exit 1',
      '',
      '  look: clonedeploy logs web-2',
      `  log:  .clonedeploy/logs/${newer}.log`,
    ])
  })
})

it('a warning of several hosts in the same words is said once', () => {
  const lock = 'took over the lock of a run that is over'
  const warnings = [`web-1: ${lock}`, `web-3: ${lock}`, 'the clone is shallow', `web-2: ${lock}`]
  const text = outcomeText(outcome({ command: 'repair', log: null, warnings }), noPaint)
  expect(text).toContain(`\n  ! web-1, web-2 and web-3: ${lock}\n  ! the clone is shallow\n`)
})
