import { expect, it } from 'vitest'
import { alikeFolders } from '../../src/fleet/read/login-problems.js'
import { host } from './states.js'

it.each<[string, readonly (string | null)[], readonly (readonly string[])[]]>([
  ['no two', ['boot-1 8 12', 'boot-2 8 12', 'boot-1 9 12', 'boot-1 8 13', 'boot-1 8 12 /shop'], []],
  ['those of which nothing is known', [null, null], []],
  ['two of three', ['boot-1 8 12', 'boot-2 8 12', 'boot-1 8 12'], [['0', '2']]],
  [
    'two pairs',
    ['a 8 2 /shop', 'b 8 2 /shop', 'a 8 2 /shop', 'b 8 2 /shop'],
    [
      ['0', '2'],
      ['1', '3'],
    ],
  ],
])('of hosts that say where their deployTo is, %s may be one folder', (_, folders, groups) => {
  expect(alikeFolders(folders.map((folder, i) => host(String(i), { folder })))).toEqual(groups)
})
