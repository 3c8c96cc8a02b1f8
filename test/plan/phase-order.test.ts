import { describe, expect, it } from 'vitest'
import { lockPhases } from '../../src/plan/phase-order.js'
import type { Plan } from '../../src/plan/plan.js'
import { planned } from './plans.js'

const [all, first, second] = ['web-1,web-2,web-3', 'web-1', 'web-2,web-3']

/** A line for each phase: what its failure means, its name, its hosts. */
function lines({ phases }: Pick<Plan, 'phases'>): readonly string[] {
  return phases.map(({ onFailure, name, hosts }) => `${onFailure} ${name} ${hosts.join(',')}`)
}

describe('the phases', () => {
  it('of a deploy to all hosts at once end in one decision for all of them', async () => {
    expect(lines(await planned('deploy'))).toEqual([
      `discard lock ${all}`,
      `discard prepare ${all}`,
      `discard once ${all}`,
      `discard arm ${all}`,
      `restore swap ${all}`,
      `restore restart ${all}`,
      `restore health ${all}`,
      `restore ping ${all}`,
      `repair confirm ${all}`,
      `end finish ${all}`,
    ])
  })

  it('of a deploy batch by batch discard until the first swap, and restore from it on', async () => {
    const rollout = { batch: 2, canary: 1 }
    expect(lines(await planned('deploy', { rollout }))).toEqual([
      `discard lock ${all}`,
      `discard prepare ${all}`,
      `discard once ${all}`,
      `discard drain ${first}`,
      `discard arm ${first}`,
      `restore swap ${first}`,
      `restore restart ${first}`,
      `restore health ${first}`,
      `restore ready ${first}`,
      `restore canary ${first}`,
      `restore look ${first}`,
      `restore drain ${second}`,
      `restore arm ${second}`,
      `restore swap ${second}`,
      `restore restart ${second}`,
      `restore health ${second}`,
      `restore ready ${second}`,
      `restore look ${all}`,
      `restore ping ${all}`,
      `repair confirm ${all}`,
      `end finish ${all}`,
    ])
  })

  it('of a deploy whose hosts have to answer alike compare all of them, once, before it bakes', async () => {
    const same = { health: [{ url: 'http://127.0.0.1:$PORT/up' }, { same: ['/', 'http://127.0.0.1:81/'] }] }
    const env = { env: { PORT: '3000' }, rollout: { bake: { for: '1m' } } }
    const plan = await planned('deploy', { ...same, ...env })
    const order = lines(plan)
    expect(order.slice(order.indexOf(`restore health ${all}`), -3)).toEqual([
      `restore health ${all}`,
      `restore same ${all}`,
      `restore bake ${all}`,
    ])
    const urls = plan.same.map(({ text, requests }) => [text, ...Object.values(requests).map(one => one?.url.href)])
    expect(urls).toEqual([
      ['GET /', ...Array(3).fill('http://127.0.0.1:3000/')],
      ['GET http://127.0.0.1:81/', ...Array(3).fill('http://127.0.0.1:81/')],
    ])
    const batches = lines(await planned('deploy', { ...same, ...env, rollout: { batch: 1 } }))
    expect(batches.filter(line => line.includes(' same '))).toEqual([`restore same ${all}`])
    expect(lines(await planned('restart', { ...same, ...env })).join()).not.toContain(' same ')
  })

  it('of a deploy with a store tell it before anything is prepared, and when every host is confirmed', async () => {
    const store = { s3: { bucket: 'acme-deploys', prefix: 'shop' } }
    const plan = await planned('deploy', { store, rollout: { batch: 2 } })
    const told = lines(plan)
    expect(told.slice(0, 3)).toEqual([`discard lock ${all}`, `discard announce ${all}`, `discard prepare ${all}`])
    expect(told.slice(-3)).toEqual([`repair confirm ${all}`, `end conclude ${all}`, `end finish ${all}`])
    expect(plan.stored).toMatchObject({
      store: 's3://acme-deploys/shop',
      by: 'anna@laptop',
      target: { digest: 'sha256:4' },
    })
    expect((await planned('restart', { store })).stored).toBeNull()
  })

  it('of a restart undo nothing once it has the locks', async () => {
    expect(lines(await planned('restart', { rollout: { batch: 2, canary: 1 } }))).toEqual([
      `discard lock ${all}`,
      `end drain ${first}`,
      `end restart ${first}`,
      `end health ${first}`,
      `end ready ${first}`,
      `end canary ${first}`,
      `end drain ${second}`,
      `end restart ${second}`,
      `end health ${second}`,
      `end ready ${second}`,
    ])
  })

  it('of what swaps nothing are done under the lock', async () => {
    const phases = lockPhases(await planned('deploy'), 'prepare', 'prune')
    expect(lines({ phases })).toEqual([`discard lock ${all}`, `end prepare ${all}`, `end prune ${all}`])
  })

  it.each([
    {},
    { rollout: { batch: 1 } },
    { rollout: { canary: 1 } },
    { store: { dir: 'kept' } },
  ])('of %j come in the order of what their failure means', async input => {
    const order = ['discard', 'restore', 'repair', 'end']
    const { phases } = await planned('deploy', input)
    const turns = phases.map(({ onFailure }) => order.indexOf(onFailure))
    expect(turns).toEqual([...turns].sort())
  })
})
