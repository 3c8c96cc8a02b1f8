import { join } from 'node:path'
import { describe, expect, expectTypeOf, it } from 'vitest'
import type { StageInput } from '../../src/config/input.js'
import { loadConfig } from '../../src/config/load/load.js'
import type { fields } from '../../src/config/schema.js'
import { type ConfigInput, defineConfig } from '../../src/index.js'
import { jsonProject, minimal, project, refusal } from './project.js'

it('the type that users see has the keys that are checked', () => {
  expectTypeOf<keyof StageInput>().toEqualTypeOf<keyof typeof fields>()
})

it('defineConfig gives back what it is given', () => {
  const input: ConfigInput = { ...minimal, restart: { run: 'x', timeout: '1m' }, hosts: './hosts.json' }
  expect(defineConfig(input)).toBe(input)
})

it('a config that says little gets the defaults', async () => {
  const cwd = await jsonProject({
    ...minimal,
    prepare: 'npm run check',
    restart: 'systemctl restart shop',
    health: { url: 'http://127.0.0.1:3000/' },
  })
  expect(await loadConfig({ cwd })).toEqual({
    app: 'shop',
    stage: 'production',
    protected: false,
    file: join(cwd, 'deploy.config.json'),
    root: cwd,
    source: { kind: 'git', repository: cwd, ref: 'HEAD', subdir: null, submodules: null },
    build: [],
    buildEnv: {},
    buildCache: null,
    releaseRoot: null,
    include: null,
    hosts: [{ name: 'web-1', host: 'web-1', roles: [], deployTo: '/srv/shop', env: {} }],
    hostsCommand: null,
    embedded: 0,
    shared: { dirs: [], files: [] },
    env: {},
    secrets: {},
    prepare: [{ run: 'npm run check', once: false, roles: null, timeout: 600_000 }],
    restart: [{ run: 'systemctl restart shop', once: false, roles: null, timeout: 60_000 }],
    health: [
      {
        kind: 'http',
        url: 'http://127.0.0.1:3000/',
        status: 200,
        contains: null,
        headers: {},
        release: null,
        timeout: 30_000,
        tryTimeout: 5000,
        roles: null,
      },
    ],
    oldProcesses: 'fail',
    memory: 'fail',
    platform: 'fail',
    runtime: [],
    logs: null,
    same: [],
    audit: { ignore: [], sessions: [], ask: [], login: null },
    identical: 'strict',
    unchanged: 'auto',
    writable: [],
    relay: null,
    keepReleases: 5,
    rollout: { batch: '100%', minUp: null, canary: null, bake: null },
    balancer: null,
    store: null,
    sign: null,
    allowedSigners: null,
    notify: [],
    ssh: { configFile: null, connectTimeout: 10_000, stallTimeout: 600_000, concurrency: 64, transport: 'auto' },
  })
})

it('a config that says everything is resolved, paths from its own folder', async () => {
  const root = await jsonProject({
    app: 'shop',
    source: { dir: 'dist' },
    build: { run: 'npm run build', env: { CI: 1 } },
    root: './out/',
    include: ['dist', '*.json'],
    deployTo: '/srv//shop/',
    hosts: [
      {
        name: 'web',
        host: '10.0.0.3',
        port: 2222,
        user: 'deploy',
        identityFile: '~/.ssh/id',
        knownHosts: 'etc/known_hosts',
        hostKey: `SHA256:${'b'.repeat(43)}`,
        jump: 'me@bastion:22,inner',
        roles: ['web'],
        deployTo: 'elsewhere',
        env: { APP_PORT: 3001 },
      },
    ],
    shared: { dirs: ['./uploads/'], files: ['.env'] },
    env: { PORT: 3000, EMPTY: '' },
    secrets: { A: { env: 'A' }, B: { cmd: 'op read x' }, C: { file: 'c.txt' }, D: { file: '~/d' } },
    prepare: ['a', { run: 'b', once: true, roles: ['web'], timeout: '1h' }],
    restart: { run: 'r', timeout: 5 },
    health: [
      {
        url: 'http://x/',
        status: 204,
        contains: 'ok',
        headers: { 'X-Cache': 'MISS' },
        release: { header: 'X-Release' },
        timeout: '2s',
        roles: ['web'],
      },
      { run: 'test -e x', tryTimeout: '1s' },
      { tcp: 3000, timeout: '1s' },
      { tcp: 'localhost:$PORT' },
    ],
    oldProcesses: 'warn',
    memory: 'warn',
    platform: 'fail',
    runtime: ['node --version', { run: 'php -v', roles: ['web'] }],
    logs: { file: './shared/app.log' },
    audit: { ignore: ['./log/**', '/tmp//sess_*'], sessions: ['data/sessions/', '/var/lib/shop/'] },
    identical: 'warn',
    unchanged: 'copy',
    writable: ['./.next/cache/', 'storage/**'],
    relay: { seeds: 2 },
    keepReleases: 2,
    rollout: {
      batch: '25%',
      minUp: 1,
      canary: { hosts: 1, pause: '5m', check: { run: 'true', on: 'hosts' } },
      bake: { for: '10m', check: 'bin/alarms', every: '1m', failures: 2 },
    },
    balancer: {
      haproxy: { host: ['web', { host: 'lb', port: 22 }], socket: '/s', backend: 'web' },
      roles: ['web'],
      drainTimeout: '1m',
    },
    store: { s3: { bucket: 'acme', prefix: 'shop/', region: 'eu-central-1', endpoint: 'https://s3.example.com' } },
    sign: { key: '~/.ssh/sign' },
    allowedSigners: 'allowed_signers',
    notify: { url: { file: 'hook' }, as: 'slack', on: ['mixed'] },
    ssh: { configFile: 'ssh_config', connectTimeout: '3s', stallTimeout: '1m', concurrency: 8, transport: 'openssh' },
    protected: true,
  })
  expect(await loadConfig({ cwd: '/', file: join(root, 'deploy.config.json'), home: '/home/anna' })).toEqual({
    app: 'shop',
    stage: 'production',
    protected: true,
    file: join(root, 'deploy.config.json'),
    root,
    source: { kind: 'folder', dir: join(root, 'dist') },
    build: ['npm run build'],
    buildEnv: { CI: '1' },
    buildCache: null,
    releaseRoot: 'out',
    include: ['dist', '*.json'],
    hosts: [
      {
        name: 'web',
        host: '10.0.0.3',
        port: 2222,
        user: 'deploy',
        identityFile: '/home/anna/.ssh/id',
        knownHosts: join(root, 'etc/known_hosts'),
        hostKey: `SHA256:${'b'.repeat(43)}`,
        jump: 'me@bastion:22,inner',
        roles: ['web'],
        deployTo: 'elsewhere',
        env: { APP_PORT: '3001' },
      },
    ],
    hostsCommand: null,
    embedded: 0,
    shared: { dirs: ['uploads'], files: ['.env'] },
    env: { PORT: '3000', EMPTY: '' },
    secrets: {
      A: { env: 'A' },
      B: { cmd: 'op read x' },
      C: { file: join(root, 'c.txt') },
      D: { file: '/home/anna/d' },
    },
    prepare: [
      { run: 'a', once: false, roles: null, timeout: 600_000 },
      { run: 'b', once: true, roles: ['web'], timeout: 3_600_000 },
    ],
    restart: [{ run: 'r', once: false, roles: null, timeout: 5000 }],
    health: [
      {
        kind: 'http',
        url: 'http://x/',
        status: 204,
        contains: 'ok',
        headers: { 'x-cache': 'MISS' },
        release: { header: 'X-Release' },
        timeout: 2000,
        tryTimeout: 2000,
        roles: ['web'],
      },
      { kind: 'command', run: 'test -e x', timeout: 30_000, tryTimeout: 1000, roles: null },
      { kind: 'tcp', address: '127.0.0.1:3000', timeout: 1000, tryTimeout: 1000, roles: null },
      { kind: 'tcp', address: 'localhost:$PORT', timeout: 30_000, tryTimeout: 5000, roles: null },
    ],
    oldProcesses: 'warn',
    memory: 'warn',
    platform: 'fail',
    runtime: [
      { run: 'node --version', roles: null },
      { run: 'php -v', roles: ['web'] },
    ],
    logs: { kind: 'file', file: 'shared/app.log' },
    same: [],
    audit: { ignore: ['log/**', '/tmp/sess_*'], sessions: ['data/sessions', '/var/lib/shop'], ask: [], login: null },
    identical: 'warn',
    unchanged: 'copy',
    writable: ['.next/cache', 'storage/**'],
    relay: { seeds: 2, port: 22022 },
    keepReleases: 2,
    rollout: {
      batch: '25%',
      minUp: 1,
      canary: { hosts: 1, pause: 300_000, check: { run: 'true', on: 'hosts', timeout: 60_000 }, confirm: false },
      bake: {
        for: 600_000,
        check: { kind: 'command', run: 'bin/alarms', timeout: 30_000 },
        every: 60_000,
        failures: 2,
        perBatch: false,
      },
    },
    balancer: {
      kind: 'haproxy',
      hosts: [
        expect.objectContaining({ name: 'web', host: '10.0.0.3', user: 'deploy' }),
        { name: 'lb:22', host: 'lb', port: 22, roles: [], env: {}, deployTo: '/srv/shop' },
      ],
      socket: '/s',
      backends: ['web'],
      server: '$CLONEDEPLOY_HOST',
      roles: ['web'],
      drainTimeout: 60_000,
      readyTimeout: 30_000,
      settle: 5000,
    },
    store: {
      kind: 's3',
      bucket: 'acme',
      prefix: 'shop',
      region: 'eu-central-1',
      endpoint: 'https://s3.example.com',
    },
    sign: { key: '/home/anna/.ssh/sign' },
    allowedSigners: join(root, 'allowed_signers'),
    notify: [{ url: { file: join(root, 'hook') }, as: 'slack', on: ['mixed'] }],
    ssh: {
      configFile: join(root, 'ssh_config'),
      connectTimeout: 3000,
      stallTimeout: 60_000,
      concurrency: 8,
      transport: 'openssh',
    },
  })
})

describe('a repository', () => {
  it.each([
    ['https://example.com/a/b.git', 'https://example.com/a/b.git'],
    ['git@example.com:a/b.git', 'git@example.com:a/b.git'],
    ['file:///srv/b.git', 'file:///srv/b.git'],
    ['/srv/b.git', '/srv/b.git'],
    ['~/b', '/home/anna/b'],
    ['../b', '/up/b'],
    ['./a:b', '/up/app/a:b'],
  ])('%s is %s', async (git, repository) => {
    const cwd = await jsonProject({ ...minimal, source: { git, subdir: './apps/web/' } })
    const { source } = await loadConfig({ cwd, home: '/home/anna' })
    const expected = repository.replace('/up/app', cwd).replace('/up', join(cwd, '..'))
    expect(source).toEqual({ kind: 'git', repository: expected, ref: 'HEAD', subdir: 'apps/web', submodules: null })
  })
})

const staged = {
  ...minimal,
  env: { A: '1', B: '1' },
  shared: { dirs: ['up'], files: ['.env'] },
  ssh: { concurrency: 8, connectTimeout: 1 },
  stages: {
    production: { protected: true },
    staging: { hosts: ['stage-1'], env: { B: '2' }, shared: { files: [] }, ssh: { concurrency: 2 } },
  },
}

describe('a stage', () => {
  it('says only what differs; env, secrets and shared are merged one level deep', async () => {
    const config = await loadConfig({ cwd: await jsonProject(staged), stage: 'staging' })
    expect(config).toMatchObject({ stage: 'staging', protected: false, hosts: [{ name: 'stage-1' }] })
    expect(config.env).toEqual({ A: '1', B: '2' })
    expect(config.shared).toEqual({ dirs: ['up'], files: [] })
    expect(config.ssh).toMatchObject({ configFile: null, connectTimeout: 10_000, concurrency: 2, transport: 'auto' })
  })

  it('need not be named when it is the only one, or the default one', async () => {
    const one = await jsonProject({ ...minimal, stages: { live: {} } })
    const byDefault = await jsonProject({ ...staged, defaultStage: 'staging' })
    expect((await loadConfig({ cwd: one })).stage).toBe('live')
    expect((await loadConfig({ cwd: byDefault })).stage).toBe('staging')
    expect((await loadConfig({ cwd: byDefault, stage: 'production' })).stage).toBe('production')
  })

  it('has to be named when there are several', async () => {
    const error = await refusal({ cwd: await jsonProject(staged) })
    expect([error.name, error.exitCode, error.message]).toEqual(['UsageError', 2, 'Which stage?'])
    expect(error.details).toEqual(['deploy.config.json has production, staging'])
  })

  it.each([
    [staged, 'prod', 'There is no stage "prod"; did you mean "production"?'],
    [staged, 'qa', 'There is no stage "qa"'],
    [minimal, 'staging', 'There is no stage "staging"'],
  ])('that is not there is refused', async (input, stage, message) => {
    const error = await refusal({ cwd: await jsonProject(input), stage })
    expect([error.name, error.message]).toEqual(['UsageError', message])
  })

  it('that is not asked for may be wrong too, and that is said', async () => {
    const cwd = await jsonProject({ ...staged, stages: { production: {}, staging: { hosts: ['a:0'] } } })
    const error = await refusal({ cwd, stage: 'production' })
    expect(error.details).toEqual(['stages.staging.hosts[0]   1 is the lowest port, got 0'])
  })
})

it('keys without a value count as not said', async () => {
  const text = `export default { ...${JSON.stringify(minimal)}, restart: undefined, stages: { a: { app: undefined } } }`
  const config = await loadConfig({ cwd: await project({ 'deploy.config.ts': text }) })
  expect([config.app, config.restart]).toEqual(['shop', []])
})
