import { expect, it } from 'vitest'
import { hostsAmong, stageAmong } from '../../src/inventory/words.js'

it.each<[readonly string[], string | undefined, readonly string[]]>([
  [[], undefined, []],
  [['blue'], 'blue', []],
  [['web-1', 'web-2'], undefined, ['web-1', 'web-2']],
  [['blue', 'web-1', 'web-2'], 'blue', ['web-1', 'web-2']],
  [['web-1', 'blue'], 'blue', ['web-1']],
  [['web-1,web-2', 'web-3', 'web-1'], undefined, ['web-1', 'web-2', 'web-3']],
  [['web-1,', ' web-2'], undefined, ['web-1', 'web-2']],
  [['blue', 'green'], 'blue', ['green']],
])('%j names the stage %s and the hosts %j', (words, stage, hosts) => {
  expect(stageAmong(words, ['green', 'blue'])).toBe(words.includes('green') ? 'blue' : stage)
  expect(hostsAmong(words, stage ?? null)).toEqual(hosts)
})

it('every word is a host where the stage is said elsewhere', () => {
  expect(hostsAmong(['blue', 'web-1'], null)).toEqual(['blue', 'web-1'])
})
