import { expect, it } from 'vitest'
import { load } from './config.js'
import { blocks, document } from './markdown.js'

const page = document('docs/rollout.md')

it('the balancer in rollout.md comes to what the page says', async () => {
  const config = await load(blocks(page, 'ts')[2] ?? '')
  expect(config.rollout).toMatchObject({ batch: 1, minUp: null })
  expect(config.balancer).toMatchObject({
    kind: 'haproxy',
    hosts: [{ name: 'lb-1' }, { name: 'lb-2' }],
    backends: ['web'],
    server: '$CLONEDEPLOY_HOST',
    roles: ['web'],
    drainTimeout: 30_000,
    readyTimeout: 30_000,
    settle: 5000,
  })
})

it('the command balancer in rollout.md is one', async () => {
  const config = await load(
    `export default { app: 'a', deployTo: '/a', hosts: ['h'], balancer: ${blocks(page, 'json')[0]} }`,
  )
  expect(config.balancer).toMatchObject({ kind: 'command', state: './target-state $INSTANCE' })
})

it('the rollout in rollout.md comes to what the page says', async () => {
  expect((await load(blocks(page, 'ts')[0] ?? '')).rollout).toEqual({
    batch: '25%',
    minUp: 3,
    canary: {
      hosts: 1,
      pause: 300_000,
      check: { run: './smoke-test', on: 'here', timeout: 60_000 },
      confirm: false,
    },
    bake: null,
  })
})

it('the bake in rollout.md comes to what the page says', async () => {
  expect((await load(blocks(page, 'ts')[1] ?? '')).rollout.bake).toEqual({
    for: 600_000,
    every: 15_000,
    failures: 1,
    perBatch: false,
    check: { kind: 'command', run: 'bin/no-alarms', timeout: 30_000 },
  })
})
