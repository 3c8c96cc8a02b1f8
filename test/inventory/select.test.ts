import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/errors.js'
import type { Host } from '../../src/inventory/host.js'
import { type Selection, selectHosts } from '../../src/inventory/select.js'

const hosts = [host('web-1', ['web']), host('web-2', ['web', 'cron']), host('worker-1', ['worker'], '10.0.0.9')]

describe('selects', () => {
  it.each<[string, Selection, string[]]>([
    ['all', {}, ['web-1', 'web-2', 'worker-1']],
    ['all for empty lists', { only: [], except: [], roles: [] }, ['web-1', 'web-2', 'worker-1']],
    ['the named ones, in the order of the inventory', { only: ['web-2', 'web-1'] }, ['web-1', 'web-2']],
    ['by address', { only: ['10.0.0.9'] }, ['worker-1']],
    ['all but the named ones', { except: ['web-1'] }, ['web-2', 'worker-1']],
    ['those with one of the roles', { roles: ['cron', 'worker'] }, ['web-2', 'worker-1']],
    ['those that all of it holds for', { only: ['web-1', 'web-2'], except: ['web-1'], roles: ['web'] }, ['web-2']],
  ])('%s', (_what, selection, names) => {
    expect(selectHosts(hosts, selection).map(({ name }) => name)).toEqual(names)
  })
})

const inventory = 'hosts: web-1, web-2, worker-1'

it('a word that is a name of one host and the address of another means the name', () => {
  const crossed = [host('a', [], 'b'), host('b', [], 'c')]
  expect(selectHosts(crossed, { only: ['b'] }).map(({ name }) => name)).toEqual(['b'])
})

describe('refuses', () => {
  it.each<[string, Selection, string, string[]]>([
    [
      'an unknown name',
      { only: ['wbe-1'] },
      'There is no such host.',
      ['"wbe-1" is not in the inventory; did you mean "web-1"?', inventory],
    ],
    [
      'unknown names, all of them',
      { only: ['db'], except: ['cache'] },
      'There are no such hosts.',
      ['"db" is not in the inventory', '"cache" is not in the inventory', inventory],
    ],
    [
      'an unknown role',
      { roles: ['work'] },
      'There is no such role.',
      ['no host has the role "work"; did you mean "worker"?', 'roles: web, cron, worker'],
    ],
    ['to work on nothing', { only: ['web-1'], roles: ['worker'] }, 'No host is left to work on.', [inventory]],
  ])('%s', (_what, selection, message, details) => {
    const error = refusalOf(() => selectHosts(hosts, selection))
    expect([error.exitCode, error.message, error.details]).toEqual([2, message, details])
  })

  it('a role when there are none', () => {
    const error = refusalOf(() => selectHosts([host('web-1', [])], { roles: ['web'] }))
    expect(error.details).toEqual(['no host has the role "web"', 'no host has a role'])
  })
})

function host(name: string, roles: readonly string[], address = name): Host {
  return { name, host: address, roles, deployTo: '/srv/shop', env: {} }
}

function refusalOf(act: () => unknown): UsageError {
  try {
    act()
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('it was accepted')
}
