import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.js'
import { readRun } from '../../src/fleet/read/run-record.js'
import type { Host } from '../../src/inventory/host.js'
import { type ReleaseRun, runChanges, runOn, runRecord, vouchedRun } from '../../src/plan/app/release-run.js'
import type { HostState } from '../../src/state/host-state.js'
import { host, idOf, release } from './states.js'

const limits = { timeout: 30_000, tryTimeout: 5000, roles: null }
const old: Omit<ReleaseRun, 'hostEnv'> = {
  restart: [
    { run: 'exec sudo -n systemctl restart shop', once: false, roles: ['web'], timeout: 60_000 },
    { run: 'touch', once: false, roles: null, timeout: 1, service: { kind: 'touch', file: 'tmp/restart.txt' } },
  ],
  health: [
    { kind: 'command', run: 'test -e up', ...limits },
    { kind: 'tcp', address: '127.0.0.1:$PORT', ...limits },
    {
      kind: 'http',
      url: 'http://127.0.0.1:$PORT/',
      status: 200,
      contains: null,
      headers: { 'x-a': 'b' },
      release: { header: 'x-release' },
      ...limits,
    },
  ],
  prepare: [{ run: 'npm ci', once: false, roles: null, timeout: 1 }],
  writable: ['cache'],
  shared: { dirs: ['uploads'], files: [], skeleton: { 'uploads/.keep': '' } },
  env: { NODE_ENV: 'production' },
}
const named = (port: string): Host => ({ name: 'a', host: 'a', roles: ['web'], deployTo: '/', env: { PORT: port } })
const today = {
  app: 'shop',
  restart: [],
  health: [],
  prepare: [],
  writable: [],
  shared: { dirs: [], files: ['.env'] },
  env: { NODE_ENV: 'test' },
  secrets: {},
} as unknown as Config
const recorded = (port: string, env = old.env) => readRun(runRecord({ ...today, ...old, env } as Config, named(port)))
const holding = (name: string, run: ReleaseRun | 'damaged' | null) => host(name, { releases: [release(3, { run })] })

describe('a release is run', () => {
  it('as it was deployed on its host, whatever the configuration says today', () => {
    const ran = runOn(today, named('3000'), holding('a', recorded('2000')), idOf(3), {})
    expect(ran).toEqual({ config: { ...today, ...old }, host: named('2000'), odd: null })
  })

  const fit = { ...old, hostEnv: {} }
  const begins = (path: string) => ({ dirs: ['x'], files: [], skeleton: { [path]: '' } })
  const health = (check: object) => JSON.stringify({ ...fit, health: [{ ...limits, ...check }] })
  const http = { kind: 'http', status: 200, contains: null, headers: {}, release: null }
  const why = (text: string) => `a: ${text}; it is run there as it is configured today`
  const isDamaged = why(`what it recorded of how ${idOf(3)} is run is damaged`)
  const noAddress = (text: string) =>
    why(`the health check ${text} that ${idOf(3)} was deployed with is no address there`)

  it.each([
    ['nothing was recorded', null, null],
    ['the record does not fit', readRun('{"restart":[{"run":7}]}'), isDamaged],
    ['the record is no JSON', readRun('{'), isDamaged],
    ['the record is empty', readRun(''), isDamaged],
    ['no shell can be given its command', readRun(health({ kind: 'command', run: 'a\0b' })), isDamaged],
    ['no shell has such a variable', readRun(JSON.stringify({ ...fit, env: { 'a b': '' } })), isDamaged],
    ['no timer waits as long', readRun(health({ kind: 'tcp', address: 'x:1', timeout: 1e308 })), isDamaged],
    ['a shared path leads out', readRun(JSON.stringify({ ...fit, shared: { dirs: ['../x'], files: [] } })), isDamaged],
    ['a shared folder begins outside', readRun(JSON.stringify({ ...fit, shared: begins('../x') })), isDamaged],
    ['the port has no value', readRun(health({ ...http, url: 'http://x:$GONE/' })), noAddress('http://x:$GONE/')],
    ['the address is a file', readRun(health({ ...http, url: 'file:///etc/passwd' })), noAddress('file:///etc/passwd')],
    ['the address moves the cursor', readRun(health({ ...http, url: '\x1b[2J' })), noAddress('\\x1b[2J')],
    ['there is no port', readRun(health({ kind: 'tcp', address: 'x' })), noAddress('x')],
  ])('as it is configured today where %s', (_, run, odd) => {
    const ran = (state: HostState) => runOn(today, named('3000'), state, idOf(3), {})
    expect(ran(holding('a', run))).toEqual({ config: today, host: named('3000'), odd })
    expect(ran(host('a', { releases: [] }))).toEqual({ config: today, host: named('3000'), odd: null })
  })

  it('as it was deployed where its port is a secret', () => {
    const run = readRun(health({ ...http, url: 'http://x:$PORT/' }))
    const config = { ...today, secrets: { PORT: { env: 'PORT' } } } as unknown as Config
    const odd = (secrets: Record<string, string>) =>
      runOn(config, { ...named(''), env: {} }, holding('a', run), idOf(3), secrets).odd
    expect([odd({}), odd({ PORT: '80' }), odd({ PORT: 'hunter2' })]).toEqual([null, null, noAddress('http://x:$PORT/')])
  })

  it.each([
    ['as two hosts say alike, each with its own variables', ['1', '2'], true],
    ['not as one says alone', ['1', null], false],
  ] as const)('on a host that gets it %s', (_, ports, isVouched) => {
    const states = ports.map((port, i) => holding(`h${i}`, port && recorded(port)))
    const vouched = vouchedRun(states, idOf(3))
    const { config, host: on } = runOn(today, named('3000'), host('new', { releases: [] }), idOf(3), {}, vouched)
    expect(config.restart).toEqual(isVouched ? old.restart : [])
    expect(on.env).toEqual({ PORT: '3000' })
  })

  it('as the most say where one says otherwise', () => {
    const states = [
      holding('h1', recorded('1', { A: 'forged' })),
      holding('h2', recorded('1')),
      holding('h3', recorded('2')),
    ]
    expect(vouchedRun(states, idOf(3))?.env).toEqual(old.env)
  })
})

describe('how a release is run has changed', () => {
  const then: ReleaseRun = { ...old, hostEnv: { PORT: '3000' } }
  const hook = (run: string, more = {}) => [{ run, once: false, roles: null, timeout: 1, ...more }]

  it.each<[string, Partial<ReleaseRun>, string[]]>([
    ['the restart command', { restart: hook('exec true') }, ['restart']],
    [
      'the hosts that are restarted',
      { restart: old.restart.map(one => ({ ...one, roles: ['web', 'cron'] })) },
      ['restart'],
    ],
    ['the address that is asked', { health: [{ ...limits, kind: 'tcp', address: ':1' }] }, ['health']],
    ['no health check', { health: [] }, ['health']],
    ['a prepare hook', { prepare: hook('npm ci', { once: true }) }, ['prepare']],
    ['another one', { prepare: [...old.prepare, ...hook('npm run check')] }, ['prepare']],
    ['what the app writes', { writable: [] }, ['writable']],
    ['a shared folder', { shared: { dirs: [], files: [] } }, ['shared']],
    ['a shared file', { shared: { ...old.shared, files: ['timeout'] } }, ['shared']],
    ['a variable', { env: { NODE_ENV: 'production', timeout: '1' } }, ['env']],
    ['a port', { hostEnv: { PORT: '3001' } }, ['hosts.env']],
    ['two things', { env: {}, prepare: [] }, ['prepare', 'env']],
    ['how long a hook may take', { prepare: hook('npm ci', { timeout: 9 }) }, []],
    ['how long health may take', { health: old.health.map(one => ({ ...one, timeout: 1, tryTimeout: 1 })) }, []],
    ['nothing, in another order', JSON.parse(JSON.stringify({ env: { ...old.env }, health: old.health })), []],
  ])('by %s', (_, more, expected) => {
    expect(runChanges(then, { ...then, ...more })).toEqual(expected)
  })

  it('by nothing when a host reads its own record again', () => {
    const config = { ...today, ...old } as Config
    expect(
      runChanges(readRun(runRecord(config, named('1'))) as ReleaseRun, JSON.parse(runRecord(config, named('1')))),
    ).toEqual([])
  })
})
