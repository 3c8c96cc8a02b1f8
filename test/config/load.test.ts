import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cacheFolder } from '../../src/cache-folder.js'
import { loadConfig } from '../../src/config/load/load.js'
import { jsonProject, minimal, project, refusal } from './project.js'

const json = JSON.stringify(minimal)
const typescript = `
import { defineConfig, type ConfigInput, type HostInput } from 'clonedeploy'
import { extra } from './extra.js'

enum Role { Web = 'web' }
const hosts: HostInput[] = await Promise.resolve([{ host: 'web-1', roles: [Role.Web] }])
const config: ConfigInput = { app: extra, deployTo: '/srv/shop', hosts }
export default defineConfig(config) satisfies ConfigInput
`

describe('a config is read from', () => {
  it('TypeScript with enums, top-level await, its own modules and our types', async () => {
    const cwd = await project({ 'deploy.config.ts': typescript, 'extra.ts': `export const extra: string = 'shop'` })
    const { app, hosts } = await loadConfig({ cwd })
    expect([app, hosts[0]?.roles]).toEqual(['shop', ['web']])
  })

  it.each([
    ['deploy.config.ts', `export default ${json} as const`],
    ['deploy.config.mts', `import { defineConfig } from 'clonedeploy'\nexport default defineConfig(${json})`],
    ['deploy.config.mjs', `import { defineConfig } from 'clonedeploy'\nexport default defineConfig(${json})`],
    ['deploy.config.js', `export default ${json}`],
    ['deploy.config.js', `module.exports = ${json}`],
    ['deploy.config.js', `export default Promise.resolve(${json})`],
    ['deploy.config.json', `\uFEFF${json}\n`],
  ])('%s', async (name, text) => {
    const cwd = await project({ [name]: text })
    expect(await loadConfig({ cwd })).toMatchObject({ app: 'shop', file: join(cwd, name), root: cwd })
  })

  it('the nearest folder above', async () => {
    const cwd = await project({ 'deploy.config.json': json, 'apps/web/deploy.config.json': json, 'apps/web/src/x': '' })
    expect((await loadConfig({ cwd: join(cwd, 'apps/web/src') })).root).toBe(join(cwd, 'apps/web'))
    expect((await loadConfig({ cwd: join(cwd, 'apps') })).root).toBe(cwd)
  })

  it('the file that is named', async () => {
    const cwd = await project({ 'deploy.config.json': json, 'etc/other.json': json })
    expect((await loadConfig({ cwd, file: 'etc/other.json' })).root).toBe(join(cwd, 'etc'))
  })

  it('its text of now, not of before', async () => {
    const cwd = await project({
      'deploy.config.ts': `import { app } from './app.js'\nexport default { ...${json}, app }`,
    })
    const apps = []
    for (const app of ['one', 'two']) {
      await writeFile(join(cwd, 'app.ts'), `export const app = '${app}'`)
      apps.push((await loadConfig({ cwd })).app)
    }
    expect(apps).toEqual(['one', 'two'])
  })

  it('what was made of the same text before', async () => {
    const cwd = await project({ 'deploy.config.ts': `export default ${json} as const` })
    const app = async () => (await loadConfig({ cwd })).app
    expect(await app()).toBe('shop')
    const kept = await keptOf(cwd)
    expect((await stat(dirname(kept))).mode & 0o777).toBe(0o700)
    await writeFile(kept, (await readFile(kept, 'utf8')).replace('shop', 'kept'))
    expect(await app()).toBe('kept')
    await writeFile(join(cwd, 'deploy.config.ts'), `export default ${json.replace('shop', 'changed')}`)
    expect(await app()).toBe('changed')
  })

  it('its text, where what was made of it cannot be kept', async () => {
    const cwd = await project({ 'deploy.config.ts': `export default ${json} as const` })
    await loadConfig({ cwd })
    const kept = await keptOf(cwd)
    await rm(kept)
    await mkdir(kept)
    expect((await loadConfig({ cwd })).app).toBe('shop')
  })

  it.each([
    ['others may write to', (folder: string) => chmod(folder, 0o720)],
    ['others may read', (folder: string) => chmod(folder, 0o704)],
  ])('its text, where what was made of it lies in a folder that %s', async (_, open) => {
    const cwd = await project({ 'deploy.config.ts': `export default ${json} as const` })
    await loadConfig({ cwd })
    const kept = await keptOf(cwd)
    await writeFile(kept, (await readFile(kept, 'utf8')).replace('shop', 'planted'))
    await open(dirname(kept))
    try {
      expect((await loadConfig({ cwd })).app).toBe('shop')
    } finally {
      await chmod(dirname(kept), 0o700)
    }
    expect((await loadConfig({ cwd })).app).toBe('planted')
  })

  it('a text that is run once, also where it misses a file of its own', async () => {
    const cwd = await project({
      'deploy.config.ts': `import { appendFileSync, readFileSync } from 'node:fs'
appendFileSync(new URL('runs', import.meta.url), 'x')
export default { ...${json}, app: readFileSync(new URL('missing', import.meta.url), 'utf8') }`,
    })
    expect((await refusal({ cwd })).message).toContain('ENOENT')
    expect(await readFile(join(cwd, 'runs'), 'utf8')).toBe('x')
  })
})

/** The file in the cache that belongs to the config in this folder. */
async function keptOf(cwd: string): Promise<string> {
  const folder = join(cacheFolder ?? '', 'config')
  const [name = ''] = (await readdir(folder)).filter(name => name.startsWith(`${basename(cwd)}-`))
  return join(folder, name)
}

it('loading leaves nothing behind, in the project or elsewhere', async () => {
  const cwd = await project({ 'deploy.config.ts': `export default ${json}`, 'node_modules/x/x': '', 'tmp/x': '' })
  const before = process.env.TMPDIR
  process.env.TMPDIR = join(cwd, 'tmp')
  try {
    await loadConfig({ cwd })
  } finally {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  }
  expect(await readdir(cwd)).toEqual(['deploy.config.ts', 'node_modules', 'tmp'])
  expect([await readdir(join(cwd, 'node_modules')), await readdir(join(cwd, 'tmp'))]).toEqual([['x'], ['x']])
})

describe('no config', () => {
  it('is said with the places looked at and the command that writes one', async () => {
    const cwd = await project({ 'a/b': '' })
    const error = await refusal({ cwd: join(cwd, 'a') })
    expect(error.exitCode).toBe(2)
    expect(error.message).toBe('There is no deploy.config.ts here, nor in a folder above.')
    expect(error.details).toEqual([
      `looked for deploy.config{.ts,.mts,.js,.mjs,.json} in ${upFrom(join(cwd, 'a')).join(', ')}`,
    ])
    expect(error.next).toEqual(['write one: clonedeploy init'])
  })

  it('is made of two in one folder', async () => {
    const cwd = await project({ 'deploy.config.ts': '', 'deploy.config.json': json, 'a/b': '' })
    const error = await refusal({ cwd: join(cwd, 'a') })
    expect(error.message).toBe('There are 2 configs in one folder.')
    expect(error.details).toEqual(['../deploy.config.ts', '../deploy.config.json'])
  })

  it('is made of a folder', async () => {
    const cwd = await project({})
    await mkdir(join(cwd, 'deploy.config.ts'))
    expect((await refusal({ cwd })).message).toBe('There is no deploy.config.ts here, nor in a folder above.')
  })

  it.each([
    ['nope.ts', 'nope.ts is not there.'],
    ['config.yml', 'config.yml is no config: its name should end in .ts, .mts, .js, .mjs, .json.'],
  ])('is in %s', async (file, message) => {
    expect((await refusal({ cwd: await project({ 'config.yml': '' }), file })).message).toBe(message)
  })
})

describe('a file that exports something else', () => {
  it.each([
    ['deploy.config.ts', 'export const app = 1', 'deploy.config.ts exports no config.'],
    ['deploy.config.ts', 'export default () => ({})', 'deploy.config.ts should export an object, not a function.'],
    ['deploy.config.json', '[1]', 'deploy.config.json should hold an object, not a list.'],
    ['deploy.config.json', 'null', 'deploy.config.json should hold an object, not null.'],
  ])('%s: %s', async (name, text, message) => {
    expect((await refusal({ cwd: await project({ [name]: text }) })).message).toBe(message)
  })
})

it('a JSON config executes nothing and reads no secret', async () => {
  const cwd = await jsonProject({
    ...minimal,
    app: '$(touch canary)',
    build: 'touch canary',
    secrets: { A: { cmd: 'touch canary' } },
  })
  await refusal({ cwd })
  expect(await readdir(cwd)).toEqual(['deploy.config.json'])
})

function upFrom(folder: string): readonly string[] {
  return folder === '/' ? ['/'] : [folder, ...upFrom(dirname(folder))]
}
