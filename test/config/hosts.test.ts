import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load/load.js'
import { jsonProject, minimal, project, refusal } from './project.js'

function withFunction(hosts: string): Promise<string> {
  return project({ 'deploy.config.ts': `export default {\n  app: 'a', deployTo: '/srv/a',\n  hosts: ${hosts},\n}` })
}

describe('a name', () => {
  it.each([
    ['web-1', 'web-1'],
    ['deploy@10.0.0.2', '10.0.0.2'],
    ['deploy@10.0.0.2:2222', '10.0.0.2:2222'],
    ['::1', '::1'],
    ['[::1]:22', '[::1]:22'],
    [{ host: '10.0.0.2', port: 2222 }, '10.0.0.2:2222'],
    [{ name: 'web-1', host: '10.0.0.2', port: 2222 }, 'web-1'],
    [{ name: 'web-1' }, 'web-1'],
  ])('of %j is %s', async (host, name) => {
    const { hosts } = await loadConfig({ cwd: await jsonProject({ ...minimal, hosts: [host] }) })
    expect(hosts.map(host => host.name)).toEqual([name])
  })

  it('tells hosts on one address apart by their ports', async () => {
    const hosts = ['127.0.0.1:2201', '127.0.0.1:2202', { host: '127.0.0.1', deployTo: 'b' }]
    const config = await loadConfig({ cwd: await jsonProject({ ...minimal, hosts }) })
    expect(config.hosts.map(host => host.name)).toEqual(['127.0.0.1:2201', '127.0.0.1:2202', '127.0.0.1'])
  })
})

describe('hosts of a function', () => {
  it('are asked for, and checked like written ones', async () => {
    const cwd = await withFunction(`async () => ['web-1', { host: 'web-2', roles: ['web'] }]`)
    expect((await loadConfig({ cwd })).hosts).toEqual([
      { name: 'web-1', host: 'web-1', roles: [], deployTo: '/srv/a', env: {} },
      { name: 'web-2', host: 'web-2', roles: ['web'], deployTo: '/srv/a', env: {} },
    ])
  })

  it.each([
    [`() => ['a', { hsot: 'b' }]`, 'hosts()[1].hsot   unknown key; did you mean "host"?'],
    [`() => []`, 'hosts()   has no hosts'],
    [`() => 'web-1'`, 'hosts()   should be a list, got "web-1"'],
    [`() => ['a', 'a']`, 'hosts()[1]   "a" is the same host and folder as hosts()[0]'],
    [`() => {}`, 'hosts()   is missing'],
  ])('%s is refused', async (hosts, line) => {
    const error = await refusal({ cwd: await withFunction(hosts) })
    expect([error.message, error.details]).toEqual(['deploy.config.ts has a problem', [line]])
  })

  it.each([
    ['async () => {\n    throw new Error("no cloud") }', 'hosts() in deploy.config.ts failed: no cloud', 4],
    ['() => {\n    throw new Error("no cloud") }', 'hosts() in deploy.config.ts failed: no cloud', 4],
  ])('%s is shown at its line', async (hosts, message, line) => {
    const error = await refusal({ cwd: await withFunction(hosts) })
    expect([error.exitCode, error.message, error.details[0]]).toEqual([2, message, `at deploy.config.ts:${line}`])
  })

  it('are not asked for while something else is wrong, or for another stage', async () => {
    const touch = `() => { require('node:fs').writeFileSync(__dirname + '/asked', ''); return ['a'] }`
    const wrong = await project({ 'deploy.config.ts': `export default { app: 'a', hosts: ${touch} }` })
    const staged = `export default { app: 'a', deployTo: '/a', stages: { x: { hosts: ${touch} }, y: { hosts: ['b'] } } }`
    const other = await project({ 'deploy.config.ts': staged })
    await refusal({ cwd: wrong })
    await loadConfig({ cwd: other, stage: 'y' })
    expect([await readdir(wrong), await readdir(other)]).toEqual([['deploy.config.ts'], ['deploy.config.ts']])
    await loadConfig({ cwd: other, stage: 'x' })
    expect(await readdir(other)).toEqual(['asked', 'deploy.config.ts'])
  })
})

describe('hosts of a file', () => {
  const config = JSON.stringify({ ...minimal, hosts: 'etc/hosts.json' })

  it('are read from beside the config', async () => {
    const cwd = await project({ 'deploy.config.json': config, 'etc/hosts.json': '["web-1", "web-2"]', 'sub/x': '' })
    const { hosts } = await loadConfig({ cwd: join(cwd, 'sub') })
    expect(hosts.map(host => host.name)).toEqual(['web-1', 'web-2'])
  })

  it('are checked', async () => {
    const cwd = await project({ 'deploy.config.json': config, 'etc/hosts.json': '["web-1", {"host": "b", "port": 0}]' })
    expect((await refusal({ cwd })).details).toEqual(['etc/hosts.json[1].port   1 is the lowest port, got 0'])
  })

  it('that is no JSON are shown at the place', async () => {
    const cwd = await project({ 'deploy.config.json': config, 'etc/hosts.json': '[\n"web-1",\n]' })
    expect((await refusal({ cwd })).message).toBe('etc/hosts.json:3:1  Unexpected ] after a comma')
  })

  it('that is not there are missed', async () => {
    const cwd = await project({ 'deploy.config.json': config })
    const error = await refusal({ cwd })
    expect(error.message).toBe('deploy.config.json takes its hosts from etc/hosts.json, which cannot be read.')
    expect(error.details).toEqual([`${cwd}/etc/hosts.json is not there`])
  })
})

it('embedded hosts have no port yet, and their folder may be relative', async () => {
  const config = await loadConfig({ cwd: await jsonProject({ app: 'a', deployTo: 'shop', hosts: { embedded: 2 } }) })
  expect(config.embedded).toBe(2)
  expect(config.hosts).toEqual([
    { name: 'web-1', host: '127.0.0.1', roles: [], deployTo: 'shop', env: {} },
    { name: 'web-2', host: '127.0.0.1', roles: [], deployTo: 'shop', env: {} },
  ])
})
