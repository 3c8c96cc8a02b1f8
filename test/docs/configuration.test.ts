import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { hookVariables } from '../../src/plan/app/variables.js'
import { load } from './config.js'
import { blocks, document, table } from './markdown.js'

const page = document('docs/configuration.md')
const [first = ''] = blocks(document('README.md'), 'ts')
const [full = ''] = blocks(page, 'ts')

it('the configuration in the README comes to what its comments say', async () => {
  const { folder, ...config } = await load(first, 'production')
  expect(config).toMatchObject({
    app: 'shop',
    stage: 'production',
    protected: true,
    source: { kind: 'git', repository: folder, ref: 'main' },
    hosts: [
      { name: 'web-1', deployTo: '/srv/shop' },
      { name: '10.0.0.2:2222', user: 'deploy', port: 2222 },
      { name: 'web-3', host: '10.0.0.3', jump: 'bastion' },
    ],
    shared: { dirs: ['uploads'], files: ['.env'] },
    prepare: [{ once: true }],
    health: [{ status: 200, release: null, timeout: 30_000 }],
  })
  const staging = await load(first, 'staging')
  expect(staging).toMatchObject({ protected: false, hosts: [{ name: 'stage-1', deployTo: '/srv/shop' }] })
})

it('what the README says of rollout and keepReleases is the default', async () => {
  const config = await load(first, 'staging')
  const without = first.replace(/^.*(rollout|keepReleases):.*\n/gm, '')
  expect(without.split('\n').length).toBe(first.split('\n').length - 2)
  const { rollout, keepReleases } = await load(without, 'staging')
  expect({ rollout, keepReleases }).toEqual({ rollout: config.rollout, keepReleases: config.keepReleases })
})

it('the configuration in configuration.md has stages that are fleets of their own', async () => {
  expect(await load(full)).toMatchObject({ stage: 'staging', protected: false, hosts: [{ name: 'stage-1' }] })
  expect(await load(full, 'production')).toMatchObject({
    protected: true,
    hosts: [{ name: 'web-1', env: { PORT: '3000' } }],
    secrets: { TOKEN: { file: join(homedir(), '.shop-token') } },
    prepare: [
      { once: false, timeout: 600_000 },
      { once: true, timeout: 1_200_000 },
    ],
    restart: [{ roles: ['web'], timeout: 60_000 }],
  })
})

it('configuration.md has the variables that hooks see', async () => {
  const config = await load(first, 'production')
  const host = config.hosts[0]
  if (host === undefined) throw new Error('the first config has no host')
  const served = { release: 'r2', revision: null, previous: null }
  const real = Object.keys(hookVariables(config, {}, host, '/srv/shop', served))
  const told = table(page, '| variable | is |').flatMap(([cell]) => cell?.match(/CLONEDEPLOY_\w+/g) ?? [])
  expect(told.sort()).toEqual(real.filter(name => name.startsWith('CLONEDEPLOY_')).sort())
})
