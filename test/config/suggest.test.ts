import { expect, it } from 'vitest'
import { didYouMean, suggest } from '../../src/text/suggest.js'

const keys = ['host', 'port', 'deployTo', 'keepReleases', 'production', 'roles']

it.each([
  ['hsot', 'host'],
  ['Host', 'host'],
  ['deploy_to', 'deployTo'],
  ['deploy-to', 'deployTo'],
  ['keepRelease', 'keepReleases'],
  ['keepRelaeses', 'keepReleases'],
  ['prod', 'production'],
  ['role', 'roles'],
  ['servers', null],
  ['x', null],
  ['', null],
])('%s is meant to be %s', (word, meant) => {
  expect(suggest(word, keys)).toBe(meant)
})

it('the nearest of several is suggested', () => {
  expect(suggest('web-12', ['web-1', 'web-22', 'web-13', 'Web_12'])).toBe('Web_12')
})

it('says it, or nothing', () => {
  expect([didYouMean('hsot', keys), didYouMean('zzz', keys)]).toEqual(['; did you mean "host"?', ''])
})
