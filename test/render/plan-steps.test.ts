import { describe, expect, it } from 'vitest'
import { planSteps } from '../../src/render/reports/plan-steps.js'
import { planned } from '../plan/plans.js'
import { idOf, release } from '../plan/states.js'

const steps = async (...what: Parameters<typeof planned>) =>
  planSteps(await planned(...what)).map(({ mark, where, text }) => `${mark} ${where}   ${text}`)
const [old, next] = [idOf(3), idOf(4)]
const prepared = [
  `! each   what ${old} lacks → /srv/shop/releases/${next}`,
  '! each   flush to disk and seal',
  `! each   make both links: go → releases/${next}, back → releases/${old}`,
]
const ended = [
  '! each   confirm',
  '! each   remove 1 old: 20260101-000000-aaaaaaa',
  '! each   record the release, unlock',
]

describe('the steps of a dry run', () => {
  it('are those of the plan, phase by phase', async () => {
    const health = { url: 'http://127.0.0.1:3000/healthz' }
    const prepare = ['npm ci', { run: 'npm run migrate', once: true }]
    expect(await steps('deploy', { prepare, restart: { systemd: 'shop' }, health, keepReleases: 3 })).toEqual([
      '! each   take the lock',
      `! each   what ${old} lacks → /srv/shop/releases/${next}`,
      '! each   npm ci',
      '! each   flush to disk and seal',
      `! each   make both links: go → releases/${next}, back → releases/${old}`,
      '! web-1   npm run migrate     (once, on this host)',
      `! each   rename current → releases/${next}`,
      '! each   systemctl restart shop',
      '! each   GET http://127.0.0.1:3000/healthz = 200 within 30s, else all 3 hosts go back',
      '! each   the processes of other releases have ended within 30s, else all 3 hosts go back',
      ...ended,
    ])
  })

  it('say of batches once what they do alike', async () => {
    const rollout = { batch: 2, canary: { hosts: 1, pause: '10s', check: 'bin/alarms' } }
    const balancer = { haproxy: { host: 'lb-1', socket: '/run/haproxy/admin.sock', backend: 'web' } }
    const aside = '     (batch by batch, drained in HAProxy)'
    expect(await steps('deploy', { rollout, balancer, restart: 'bin/restart', keepReleases: 3 })).toEqual([
      '! each   take the lock',
      ...prepared,
      '! batch 1   web-1',
      '! batch 2   web-2, web-3',
      '! each   out of web on lb-1, until its sessions have ended',
      `! each   rename current → releases/${next}${aside}`,
      `! each   bin/restart${aside}`,
      '! each   the processes of other releases have ended within 30s, else all 3 hosts go back',
      '! each   back into web on lb-1, until it sends users there',
      '! web-1   serve alone for 10s',
      '! local   bin/alarms, else all 3 hosts go back',
      ...ended,
    ])
  })

  it('say how long a deploy bakes, and what may put it back meanwhile', async () => {
    const bake = { for: '10m', check: { url: 'http://prometheus/ok' } }
    const told = await steps('deploy', { restart: 'true', rollout: { bake }, keepReleases: 3 })
    expect(told.slice(-5)).toEqual([
      '! each   serve for 10m before the release is confirmed, else all 3 hosts go back',
      '! local   GET http://prometheus/ok = 200, every 15s, else all 3 hosts go back',
      ...ended,
    ])
    const waits = await steps('deploy', { restart: 'true', rollout: { bake: { for: '90s' } }, keepReleases: 3 })
    expect(waits.at(-4)).toBe('! each   serve for 90s before the release is confirmed, else all 3 hosts go back')
  })

  it('name the hosts that take another one', async () => {
    const fresh = { current: { kind: 'absent' }, releases: [] } as const
    const bare = await steps('deploy', { restart: 'true' }, { 'web-2': fresh })
    expect(bare.slice(1, 6)).toEqual([
      `! web-1 and web-3   what ${old} lacks → /srv/shop/releases/${next}`,
      `! web-2   all files → /srv/shop/releases/${next}`,
      '! each   flush to disk and seal',
      `! web-1 and web-3   make both links: go → releases/${next}, back → releases/${old}`,
      `! web-2   make both links: go → releases/${next}, back → (absent)`,
    ])
  })

  it('say the same command as often as it is run', async () => {
    const twice = await steps('deploy', { restart: ['sync', 'sync'] }, { 'web-1': { releases: [release(3)] } })
    expect(twice.filter(line => line === '! each   sync')).toHaveLength(2)
  })

  it('of a restart say what ends it', async () => {
    expect(await steps('restart', { restart: 'bin/restart', health: { run: 'bin/ok' } })).toEqual([
      '! each   take the lock',
      '! each   bin/restart',
      '! each   bin/ok, else the restart ends there',
      '! each   the processes of other releases have ended within 30s, else the restart ends there',
    ])
  })
})
