import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load/load.js'
import { minimal, project, refusal } from '../config/project.js'
import { installed, isHere } from '../support/installed.js'
import { inventories } from './ansible-lists.js'

describe.skipIf(!isHere('ansible-inventory'))('ansible-core', () => {
  const listing = (source: string, files: Readonly<Record<string, string>>) => {
    const hosts = { command: `${installed('ansible-inventory')} -i ${source} --list` }
    return project({ 'deploy.config.json': JSON.stringify({ ...minimal, hosts }), ...files })
  }

  it.each(inventories)('lists an inventory in $kind as it was recorded, and its hosts are taken', async one => {
    const { files, source, printed, hosts } = one
    const cwd = await listing(source, files)
    const text = execFileSync('ansible-inventory', ['-i', source, '--list'], { cwd, encoding: 'utf8' })
    expect(JSON.parse(text)).toEqual(printed)
    const config = await loadConfig({ cwd, home: '/home/anna' })
    const expected = hosts.map(host => ({
      host: (host as { name: string }).name,
      ...host,
      deployTo: '/srv/shop',
      env: {},
    }))
    expect(JSON.parse(JSON.stringify(config.hosts).replaceAll('/home/anna/', '~/'))).toEqual(expected)
  })

  it('ends well where it finds no inventory, and its empty list is refused with what it said', async () => {
    const error = await refusal({ cwd: await listing('gone.ini', {}) })
    expect([error.exitCode, error.message]).toEqual([
      3,
      expect.stringMatching(/^The hosts are not known: .* lists no hosts\.$/),
    ])
    expect(error.details.join(' ')).toContain('Unable to parse')
  })
})
