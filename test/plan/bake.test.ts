import { describe, expect, it } from 'vitest'
import { nextLook } from '../../src/plan/bake.js'
import { planned } from './plans.js'

const most = 15_000

describe('the next look of a bake', () => {
  it.each([
    ['first after `every`', { for: 60_000, every: 10_000 }, [0, 0, 0], { wait: 10_000, due: 10_000 }],
    [
      'as often as said, however long an answer took',
      { for: 60_000, every: 10_000 },
      [13_000, 10_000, 0],
      { wait: 7000, due: 20_000 },
    ],
    [
      'at once, after an answer that took longer',
      { for: 60_000, every: 10_000 },
      [25_000, 10_000, 0],
      { wait: 0, due: 20_000 },
    ],
    [
      'at the end, whatever `every` says',
      { for: 12_000, every: 10_000 },
      [10_000, 10_000, 0],
      { wait: 2000, due: 12_000 },
    ],
    ['at the end of a bake shorter than `every`', { for: 3000, every: 10_000 }, [0, 0, 0], { wait: 3000, due: 3000 }],
    [
      'at hosts alone meanwhile, where the check is asked rarely',
      { for: 600_000, every: 300_000 },
      [15_000, 0, 0],
      { wait: most, due: null },
    ],
    ['over after the last answer, a good one', { for: 12_000, every: 10_000 }, [12_400, 12_000, 0], null],
    [
      'not over while the last answer was a failure',
      { for: 12_000, every: 10_000 },
      [12_400, 12_000, 1],
      { wait: 9600, due: 22_000 },
    ],
    ['over with the good answer after that', { for: 12_000, every: 10_000 }, [22_100, 22_000, 0], null],
  ] as const)('is %s', (_, bake, [passed, asked, failed], next) => {
    expect(nextLook(bake, most, { passed, asked, failed })).toEqual(next)
  })

  it.each([
    [{ for: 600_000, every: 15_000 }, 40],
    [{ for: 60_000, every: 25_000 }, 3],
    [{ for: 1000, every: 600_000 }, 1],
  ])('of %j comes %i times, the last one at the end', (bake, times) => {
    const asked: number[] = []
    let passed = 0
    for (;;) {
      const next = nextLook(bake, most, { passed, asked: asked.at(-1) ?? 0, failed: 0 })
      if (next === null) break
      passed += next.wait
      if (next.due !== null) asked.push(next.due)
    }
    expect(asked).toHaveLength(times)
    expect([asked.at(-1), passed]).toEqual([bake.for, bake.for])
  })
})

describe('a bake', () => {
  const bake = { for: '10m', check: 'bin/alarms' }

  it('asks its check in the configuration’s folder, with what the run is about', async () => {
    const plan = await planned('deploy', { env: { REGION: 'eu' }, rollout: { bake } })
    expect(plan.bake).toMatchObject({ for: 600_000, every: 15_000, failures: 1 })
    const check = plan.bake?.check
    if (check?.kind !== 'script') throw new Error('no command')
    expect(check).toMatchObject({ text: 'bin/alarms', timeout: 45_000 })
    const told = Buffer.concat(check.script.input.map(piece => Buffer.from(piece))).toString()
    expect(told).toContain("'REGION'='eu'")
    expect(told).toContain(`'CLONEDEPLOY_RELEASE'='${plan.release}'`)
    expect(told).toContain("'CLONEDEPLOY_HOSTS'='web-1 web-2 web-3'")
  })

  it('puts the configuration’s variables into an address', async () => {
    const check = { url: 'http://$AT/ok', contains: 'green', timeout: '5s' }
    const plan = await planned('deploy', { env: { AT: 'prometheus:9090' }, rollout: { bake: { for: '1m', check } } })
    expect(plan.bake?.check).toMatchObject({
      kind: 'health',
      text: 'GET http://prometheus:9090/ok = 200',
      target: { url: new URL('http://prometheus:9090/ok') },
      check: { status: 200, contains: 'green', tryTimeout: 5000 },
    })
  })

  it('is no part of a restart, nor of a deploy that skips it', async () => {
    expect((await planned('restart', { rollout: { bake } })).phases.map(({ name }) => name)).not.toContain('bake')
    const { bake: skipped, phases } = await planned('deploy', { rollout: { bake } }, {}, { bake: null })
    expect(skipped).toBeNull()
    expect(phases.map(({ name }) => name)).not.toContain('bake')
  })

  it('comes after each batch where that is asked for, for the hosts that have swapped, and at the end for all', async () => {
    const { phases } = await planned('deploy', { rollout: { batch: 1, bake: { ...bake, perBatch: true } } })
    const baked = phases.filter(({ name }) => name === 'bake')
    expect(baked.map(({ hosts, batch, onFailure }) => [hosts.join(' '), batch, onFailure])).toEqual([
      ['web-1', 'batch 1 of 3: web-1', 'restore'],
      ['web-1 web-2', 'batch 2 of 3: web-2', 'restore'],
      ['web-1 web-2 web-3', '', 'restore'],
    ])
    const once = await planned('deploy', { rollout: { bake: { ...bake, perBatch: true } } })
    expect(once.phases.filter(({ name }) => name === 'bake')).toHaveLength(1)
  })

  it('comes after the last batch and before the confirmation, and ends none of the old processes', async () => {
    const restart = { warm: 'bin/warm', ready: 'bin/ready', switch: 'bin/switch', cool: 'bin/cool' }
    const { phases } = await planned('deploy', { rollout: { batch: 2, bake }, restart })
    const names = phases.map(({ name }) => name)
    expect(names.filter(name => name === 'bake')).toHaveLength(1)
    expect(names.slice(names.indexOf('bake') - 1)).toEqual([
      'ready',
      'bake',
      'look',
      'ping',
      'confirm',
      'cool',
      'finish',
    ])
    expect(phases.find(({ name }) => name === 'bake')).toMatchObject({
      onFailure: 'restore',
      hosts: ['web-1', 'web-2', 'web-3'],
    })
  })
})
