import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/fleet/events.js'
import { createRenderer } from '../../src/render/progress/create-renderer.js'
import { logRenderer, teeRenderer } from '../../src/render/progress/log.js'
import type { RendererOptions } from '../../src/render/progress/renderer.js'
import { handClock, recorder } from './recorder.js'
import { begun, deployed, failing, newer, older, outcome } from './run.js'

type Timed = readonly (readonly [Event, number])[]

async function shown(kind: 'plain' | 'github' | 'jsonl', run: Timed, options: RendererOptions = {}) {
  const clock = handClock()
  const record = recorder()
  const renderer = await createRenderer(kind, record.output, { clock, ...options })
  for (const [event, ms] of run) {
    renderer.event(event)
    clock.move(ms)
  }
  renderer.end()
  expect(clock.timers()).toBe(0)
  return record
}

const words = `
✔ Deployed ${newer} to 3 hosts in 31s.
  undo: clonedeploy rollback
  log:  .clonedeploy/logs/${newer}.log
`

describe('plain lines', () => {
  it('name the host in each line and give a sign of life every 10 s', async () => {
    const record = await shown('plain', deployed)
    expect(record.stderr()).toBe(`shop → production   3 hosts   release ${newer} (main, clean)   was ${older}

00:00 check
      ✔ web-1    deploy@10.0.0.11  41 GB free
      ✔ web-2    deploy@10.0.0.12  39 GB free
      ✔ web-3    deploy@10.0.0.13  40 GB free
      ✔ 3/3 hosts
00:02 build
      build    | vite v7.1.0 building for production...
      … still running: build (8s)
      ✔ npm run build
00:13 push
      ✔ web-1    12.4 MB in 1.1s, sha256 ok
      … web-3    4.1/12.4 MB (33%)
      ✔ web-3    12.4 MB in 11.9s, sha256 ok
      ✔ 12.4 MB to each
00:24 swap
      ✔ 3/3 swapped in 41 ms
${words}`)
    expect(record.stdout()).toBe(`deployed release=${newer} hosts=3 seconds=31\n`)
  })

  it('show a failure with what the host printed, escaped', async () => {
    const record = await shown('plain', failing)
    expect(record.stderr()).toBe(`shop → production   2 hosts

00:00 health
      release ${newer}   was ${older}
      ✔ web-1    200 in 12 ms
      web-3    | \\x1b[31m::error::Cannot find\\x0d
      web-3    | ##[add-mask]a
      … still running: web-3 health (10s)
      … still running: web-3 health (20s)
      ✖ web-3    GET / → 500, 10 tries in 30s
      ! web-1    the clock is 40s behind
      ✖ 1/2
00:29 rollback   web-3 failed, putting all 2 hosts back
      ✔ web-1    back
      ✔ web-3    back

✖ Deploy failed on web-3. Both hosts serve ${older} again (verified).

  the health check failed on web-3

  web-3   health: GET / → 500, 10 tries in 30s
  web-3 | \\x1b[31m::error::Cannot find\\x0d
  web-3 | ##[add-mask]a
  web-3 listens on 127.0.0.1:8080, not 3000

  log: .clonedeploy/logs/${newer}.log
`)
    expect(record.stdout()).toBe(`put-back release=${newer} hosts=2 seconds=31\n`)
  })

  it('are only warnings, failures and the last words with -q', async () => {
    const record = await shown('plain', failing, { verbosity: 'quiet' })
    expect(record.stderr().split('\n\n')[0]).toBe(
      `      ✖ web-3    GET / → 500, 10 tries in 30s
      ! web-1    the clock is 40s behind
      ✖ 1/2
`.trimEnd(),
    )
    expect((await shown('plain', deployed, { verbosity: 'quiet' })).stderr()).toBe(words)
  })

  it('are every script too with -v', async () => {
    const event: Event = {
      type: 'script',
      host: 'web-1',
      name: 'unpack',
      text: 'tar -x',
      code: 1,
      ms: 41,
      stdout: 'not shown',
      stderr: 'tar: no\u001b[0m\nspace\n',
    }
    const traffic: Event = { type: 'traffic', host: 'web-1', roundTrips: 8, bytes: 11_520 }
    const budget: Event = { type: 'budget', ms: 1_250, cpuMs: 480 }
    const run = [
      [event, 0],
      [traffic, 0],
      [budget, 0],
    ] as const
    expect(
      (await shown('plain', run, { verbosity: 'verbose' })).stderr(),
    ).toBe(`        web-1    $ unpack   exit 1   41 ms
      web-1    | tar: no\\x1b[0m
      web-1    | space
      · web-1    8 round trips, 11.5 kB sent
      · 1.3s since the start of the program, 480 ms of processor time here
`)
    expect((await shown('plain', run)).stderr()).toBe('')
  })

  it('end with the outcome as one JSON object on stdout with --json', async () => {
    const record = await shown('plain', deployed, { json: true })
    expect(JSON.parse(record.stdout())).toMatchObject({ v: 1, result: 'deployed', release: newer, exitCode: 0 })
    expect(record.stdout().split('\n')).toHaveLength(2)
  })

  it('name the step where people named it, and its time where it has no note', async () => {
    const step = { type: 'host.end', host: 'web-1', ok: true, ms: 4100 } as const
    const record = await shown('plain', [
      [{ ...step, phase: 'prepare', step: 'npm ci', note: '' }, 0],
      [{ ...step, phase: 'prepare', step: 'npm ci', note: 'exit 1', ok: false }, 0],
      [{ ...step, phase: 'push', step: 'upload', note: '5 kB' }, 0],
      [{ type: 'phase.end', phase: 'push', ok: false, ms: 1, note: '' }, 0],
      [{ type: 'note', level: 'info', host: null, text: 'the lock was taken over' }, 0],
    ])
    expect(record.stderr()).toBe(`      ✔ web-1    npm ci   4.1s
      ✖ web-1    npm ci   exit 1
      ✔ web-1    5 kB
      ✖ push failed
      · the lock was taken over
`)
  })

  it('of a bake say once a minute until when it lasts, and of its looks the failures', async () => {
    const look = { type: 'bake.look', ms: 40 } as const
    const record = await shown('plain', [
      begun('web-1'),
      [{ type: 'phase.start', phase: 'health' }, 2500],
      [{ type: 'phase.end', phase: 'health', ok: true, ms: 2500, note: '1/1' }, 0],
      [{ type: 'phase.start', phase: 'bake', note: 'until 18:42:10, bin/alarms every 15s' }, 15_000],
      [{ ...look, ok: true, note: 'ok in 40 ms', output: [] }, 85_000],
      [{ ...look, ok: false, note: '`bin/alarms` failed with exit code 1', output: ['firing: 3'] }, 35_000],
      [{ type: 'phase.end', phase: 'bake', ok: true, ms: 135_000, note: '9 looks, the last one good' }, 0],
    ])
    expect(record.stderr()).toBe(`shop → production   1 host

00:00 health
      ✔ 1/1
00:02 bake       until 18:42:10, bin/alarms every 15s
      … still running: bake (1m 8s) until 18:42:10, bin/alarms every 15s
      ✖ \`bin/alarms\` failed with exit code 1
      bake     | firing: 3
      … still running: bake (2m 8s) until 18:42:10, bin/alarms every 15s
      ✔ 9 looks, the last one good
`)
  })

  it('give a sign of life of a phase that waits for hosts that have said something already', async () => {
    const record = await shown('plain', [
      begun('web-1'),
      [{ type: 'phase.start', phase: 'check' }, 0],
      [{ type: 'host.end', phase: 'check', step: 'connect', host: 'web-1', ok: true, ms: 1, note: 'key known' }, 0],
      [{ type: 'note', level: 'info', host: null, text: 'x' }, 10_000],
    ])
    expect(record.stderr()).toContain('      … still running: check (10s)\n')
  })

  it('keep the sign of life of 40 hosts short', async () => {
    const hosts = Array.from({ length: 40 }, (_, i) => `web-${i + 1}`)
    const sending = hosts
      .slice(0, 30)
      .map((host, i): readonly [Event, number] => [
        { type: 'host.progress', phase: 'push', host, done: (i + 1) * 100_000, total: 10_000_000 },
        0,
      ])
    const working = hosts
      .slice(30)
      .map((host): readonly [Event, number] => [{ type: 'host.start', phase: 'push', step: 'unpack', host }, 0])
    const record = await shown('plain', [
      [
        { type: 'run.start', command: 'rollback', app: 'shop', stage: 'production', by: 'anna', from: 'laptop', hosts },
        0,
      ],
      [{ type: 'phase.start', phase: 'push' }, 0],
      ...sending,
      ...working,
      [{ type: 'note', level: 'info', host: null, text: 'x' }, 10_000],
    ])
    expect(record.stderr()).toBe(`shop → production   rollback   40 hosts

00:00 push
      · x
      … web-1    0.1/10 MB (1%)
      … web-2    0.2/10 MB (2%)
      … web-3    0.3/10 MB (3%)
      … web-4    0.4/10 MB (4%)
      … web-5    0.5/10 MB (5%)
      … 25 more are further on
      … still running: web-31 unpack (10s), web-32 unpack (10s), web-33 unpack (10s), web-34 unpack (10s) and 6 more
`)
  })
})

describe('GitHub', () => {
  it('gets a group a phase, one error, and no command that a host printed', async () => {
    const record = await shown('github', failing)
    expect(record.stderr()).toBe(`shop → production   2 hosts

::group::00:00 health
      release ${newer}   was ${older}
      ✔ web-1    200 in 12 ms
      web-3    | \\x1b[31m::error::Cannot find\\x0d
      web-3    | # #[add-mask]a
      … still running: web-3 health (10s)
      … still running: web-3 health (20s)
      ✖ web-3    GET / → 500, 10 tries in 30s
      ! web-1    the clock is 40s behind
      ✖ 1/2
::endgroup::
::group::00:29 rollback   web-3 failed, putting all 2 hosts back
      ✔ web-1    back
      ✔ web-3    back
::endgroup::
::error title=clonedeploy::Deploy failed on web-3: the health check failed on web-3

✖ Deploy failed on web-3. Both hosts serve ${older} again (verified).

  the health check failed on web-3

  web-3   health: GET / → 500, 10 tries in 30s
  web-3 | \\x1b[31m::error::Cannot find\\x0d
  web-3 | # #[add-mask]a
  web-3 listens on 127.0.0.1:8080, not 3000

  log: .clonedeploy/logs/${newer}.log
`)
  })

  it.each([
    '::error::x',
    '  ::set-output name=a::b',
    '\t::stop-commands::x',
    'a ##[command]x',
    '%0A::error::x',
  ])('takes %j from a host for text wherever it appears', async text => {
    const error = { phase: 'health', step: text, message: text, hint: text, output: [text, `\n${text}`] } as const
    const host = { name: 'w', current: null, digest: null, healthy: null, bytes: 0, error }
    const record = await shown('github', [
      [{ type: 'run.start', command: 'deploy', app: 'shop', stage: 'x', by: 'anna', from: 'laptop', hosts: ['w'] }, 0],
      [{ type: 'phase.start', phase: 'health', note: text }, 0],
      [{ type: 'host.start', phase: 'health', step: text, host: 'w' }, 11_000],
      [{ type: 'output', host: 'w', step: 'x', stream: 'stdout', line: text }, 0],
      [{ type: 'output', host: null, step: 'x', stream: 'stdout', line: text }, 0],
      [{ type: 'note', level: 'warning', host: null, text }, 0],
      [{ type: 'host.end', phase: 'health', step: text, host: 'w', ok: false, ms: 1, note: text }, 0],
      [{ type: 'phase.end', phase: 'health', ok: false, ms: 1, note: text }, 0],
      [
        {
          type: 'run.end',
          outcome: outcome({
            result: 'mixed',
            exitCode: 6,
            reason: text,
            hosts: [host],
            warnings: [text],
            next: [text],
          }),
        },
        0,
      ],
    ])
    const commands = record
      .all()
      .split('\n')
      .filter(line => line.trimStart().startsWith('::') || line.includes('##['))
    const names = commands.map(line => /^::(\w+)/.exec(line)?.[1])
    expect(names).toEqual(['group', 'endgroup', 'error'])
  })

  it('is told that a run was stopped, not that it failed', async () => {
    const stopped = outcome({ result: 'aborted', exitCode: 3, reason: 'stopped by SIGTERM during push', stopped: true })
    const record = await shown('github', [[{ type: 'run.end', outcome: stopped }, 0]])
    expect(record.stderr()).toContain('::error title=clonedeploy::Stopped by SIGTERM during push\n')
    expect(record.stderr()).not.toContain('Deploy failed')
  })

  it('gets a summary of the step and its outputs, in which a release is an id or nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'render-'))
    const env = { GITHUB_STEP_SUMMARY: join(folder, 'summary'), GITHUB_OUTPUT: join(folder, 'output') }
    const last = failing.at(-1)?.[0]
    if (last?.type !== 'run.end') throw new Error('the last event is the outcome')
    const reason = 'a | b\n<img> `x`'
    const changes = { ...last.outcome, reason, previous: 'x\nrelease=evil' }
    await shown('github', [[{ type: 'run.end', outcome: changes }, 0]], { env })
    await shown('github', [[{ type: 'run.end', outcome: outcome() }, 0]], { env })
    expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toBe(`### ❌ shop → production: put-back

Release <code>${newer}</code>, before it <code>x release=evil</code>, in 31s.

Deploy failed on web-3. a &#124; b &#60;img&#62; &#96;x&#96;

| Host | Serves | Healthy | Sent | Error |
| --- | --- | --- | --- | --- |
| web-1 | <code>${older}</code> | yes | 12.4 MB |  |
| web-3 | <code>${older}</code> | yes | 12.4 MB | health: GET / → 500, 10 tries in 30s |

### ✅ shop → production: deployed

Release <code>${newer}</code>, before it <code>${older}</code>, in 31s.

| Host | Serves | Healthy | Sent | Error |
| --- | --- | --- | --- | --- |
| web-1 | <code>${newer}</code> | yes | 12.4 MB |  |
| web-2 | <code>${newer}</code> | yes | 12.4 MB |  |
| web-3 | <code>${newer}</code> | yes | 12.4 MB |  |

`)
    expect(readFileSync(env.GITHUB_OUTPUT, 'utf8')).toBe(`release=${newer}
result=put-back
previous=
release=${newer}
result=deployed
previous=${older}
`)
  })

  it('is told when its files cannot be written, and the run goes on', async () => {
    const env = { GITHUB_STEP_SUMMARY: '/nonexistent/summary' }
    const record = await shown('github', [[{ type: 'run.end', outcome: outcome() }, 0]], { env })
    expect(record.stderr()).toContain('      ! cannot write /nonexistent/summary: ENOENT')
    expect(record.stdout()).toBe(`deployed release=${newer} hosts=3 seconds=31\n`)
  })
})

describe('jsonl', () => {
  it('is one object a line on stdout for each event but scripts', async () => {
    const t = '"t":"2026-11-23T18:30:45.000Z"'
    const record = await shown('jsonl', [
      begun('web-1'),
      [{ type: 'phase.start', phase: 'swap' }, 0],
      [{ type: 'host.start', phase: 'swap', step: 'swap', host: 'web-1' }, 0],
      [{ type: 'host.progress', phase: 'swap', host: 'web-1', done: 1, total: 2 }, 0],
      [{ type: 'script', host: 'web-1', name: 'x', text: 'x', code: 0, ms: 1, stdout: '', stderr: '' }, 0],
      [
        { type: 'host.end', phase: 'swap', step: 'swap', host: 'web-1', ok: true, ms: 3, note: 'done', release: newer },
        0,
      ],
      [{ type: 'host.end', phase: 'push', step: 'upload', host: 'web-1', ok: false, ms: 3, note: '' }, 0],
      [{ type: 'output', host: 'web-1', step: 'x', stream: 'stdout', line: '\u001b\u009b\u2028\u202e\ud800 é' }, 0],
      [{ type: 'run.end', outcome: outcome({ hosts: [], digest: null, log: null }) }, 0],
    ])
    expect(record.stderr()).toBe('')
    expect(
      record.stdout(),
    ).toBe(`{"v":1,${t},"type":"run.start","command":"deploy","app":"shop","stage":"production","by":"anna","from":"laptop","hosts":["web-1"]}
{"v":1,${t},"type":"phase.start","phase":"swap"}
{"v":1,${t},"type":"host.start","phase":"swap","step":"swap","host":"web-1"}
{"v":1,${t},"type":"host.progress","phase":"swap","host":"web-1","done":1,"total":2}
{"v":1,${t},"type":"host.swap","host":"web-1","release":"${newer}","ok":true,"ms":3,"step":"swap","note":"done"}
{"v":1,${t},"type":"host.push","host":"web-1","ok":false,"ms":3,"step":"upload","note":""}
{"v":1,${t},"type":"output","host":"web-1","step":"x","stream":"stdout","line":"\\u001b\\u009b\\u2028\\u202e\\ud800 é"}
{"v":1,${t},"type":"run.end","outcome":{"v":1,"command":"deploy","result":"deployed","exitCode":0,"stage":"production","release":"${newer}","previous":"${older}","digest":null,"seconds":31,"bytes":37200000,"swapWindowMs":41,"switchWindowMs":null,"hosts":[],"reason":null,"next":[],"warnings":[]}}
`)
  })
})

describe('the log', () => {
  it('holds every event and every script with all that it printed', () => {
    const written: string[] = []
    const log = logRenderer(text => written.push(text), handClock())
    const long = 'x'.repeat(3000)
    for (const [event] of failing.slice(0, 9)) log.event(event)
    log.event({ type: 'phase.end', phase: 'health', ok: false, ms: 5, note: '1/2' })
    log.event({ type: 'note', level: 'warning', host: null, text: 'careful' })
    log.event({ type: 'host.progress', phase: 'push', host: 'web-1', done: 1, total: 2 })
    log.event({
      type: 'script',
      host: 'web-1',
      name: 'unpack',
      text: 'cd /srv\ntar -x\n',
      code: null,
      ms: 41,
      stdout: `${long}\n`,
      stderr: 'no\u001b[0m\n\nspace\n',
    })
    log.event({
      type: 'script',
      host: 'web-3',
      name: 'unpack',
      text: 'cd /srv\ntar -x\n',
      code: 0,
      ms: 42,
      stdout: 'ok\n',
      stderr: '',
    })
    const t = '2026-11-23T18:30:45.000Z'
    expect(written.join('')).toBe(`${t} deploy shop → production on web-1, web-3
${t} == health
${t} release ${newer}, before ${older}
${t} web-1 | health: health starts
${t} web-3 | health: health starts
${t} web-1 | health: health ok in 41 ms 200 in 12 ms
${t} web-3 | stderr | \\x1b[31m::error::Cannot find\\x0d
${t} web-3 | stderr | ##[add-mask]a
${t} web-3 | health: health FAILED in 41 ms GET / → 500, 10 tries in 30s
${t} == health FAILED in 5 ms 1/2
${t} local | warning: careful
${t} web-1 | script unpack: end unknown in 41 ms
${t} web-1 | script | cd /srv
${t} web-1 | script | tar -x
${t} web-1 | stdout | ${long}
${t} web-1 | stderr | no\\x1b[0m
${t} web-1 | stderr |
${t} web-1 | stderr | space
${t} web-3 | script unpack: exit 0 in 42 ms
${t} web-3 | script | as on web-1
${t} web-3 | stdout | ok
`)
  })
})

describe('several renderers', () => {
  it('go on when one of them throws, which is left out', () => {
    const seen: string[] = []
    const failures: unknown[] = []
    const good = { event: (event: Event) => void seen.push(event.type), end: () => void seen.push('end') }
    const broken = {
      event: () => {
        throw new Error('disk full')
      },
      end: () => void seen.push('never'),
    }
    const tee = teeRenderer([broken, good], error => failures.push(error))
    tee.event({ type: 'phase.start', phase: 'push' })
    tee.event({ type: 'phase.start', phase: 'swap' })
    tee.end()
    expect(seen).toEqual(['phase.start', 'phase.start', 'end'])
    expect(failures).toEqual([new Error('disk full')])
  })
})
