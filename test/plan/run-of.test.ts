import { describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.js'
import { readRun } from '../../src/fleet/run-record.js'
import type { Host } from '../../src/inventory/host.js'
import { type ReleaseRun, runRecord } from '../../src/plan/release-run.js'
import { runOn, vouchedRun } from '../../src/plan/run-of.js'
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
  env: { NODE_ENV: 'production' },
}
const named = (port: string): Host => ({ name: 'a', host: 'a', roles: ['web'], deployTo: '/', env: { PORT: port } })
const today = {
  app: 'shop',
  restart: [],
  health: [],
  prepare: [],
  writable: [],
  env: { NODE_ENV: 'test' },
} as unknown as Config
const recorded = (port: string, env = old.env) => readRun(runRecord({ ...today, ...old, env } as Config, named(port)))
const holding = (name: string, run: ReleaseRun | null) => host(name, { releases: [release(3, { run })] })

describe('a release is run', () => {
  it('as it was deployed on its host, whatever the configuration says today', () => {
    const ran = runOn(today, named('3000'), holding('a', recorded('2000')), idOf(3))
    expect(ran).toEqual({ config: { ...today, ...old }, host: named('2000') })
  })

  it.each([
    ['nothing was recorded', null],
    ['the record is damaged', readRun('{"restart":[{"run":7}]}')],
    ['the record is no JSON', readRun('{')],
  ])('as it is configured today where %s', (_, run) => {
    expect(runOn(today, named('3000'), holding('a', run), idOf(3))).toEqual({ config: today, host: named('3000') })
    expect(runOn(today, named('3000'), holding('a', run), idOf(2))).toEqual({ config: today, host: named('3000') })
  })

  it.each([
    ['as two hosts say alike, each with its own variables', ['1', '2'], true],
    ['not as one says alone', ['1', null], false],
  ] as const)('on a host that gets it %s', (_, ports, isVouched) => {
    const states = ports.map((port, i) => holding(`h${i}`, port && recorded(port)))
    const vouched = vouchedRun(states, idOf(3))
    const { config, host: on } = runOn(today, named('3000'), host('new', { releases: [] }), idOf(3), vouched)
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
