import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pruneCache } from '../../src/artifact/cache/prune.js'
import { recall } from '../../src/artifact/cache/store.js'
import { packFolder } from '../../src/artifact/pack.js'
import { fill, nothingShared, temporary } from './folders.js'

const pack = (content: string, cacheDir: string) =>
  packFolder({ dir: fill(temporary(), { a: content }), include: null, shared: nothingShared, cacheDir })

it.each<[string, (digests: readonly string[], cacheDir: string) => readonly string[], string]>([
  ['the last others', () => [], '34'],
  ['what hosts hold', ([one = '']) => [one], '134'],
  ['what was used within a day', ([, two = ''], cacheDir) => (recall(cacheDir, two) ? [] : ['nothing']), '24'],
  ['all that was used within a day', (digests, cacheDir) => digests.filter(one => !recall(cacheDir, one)), '1234'],
])('keeps %s of the artifacts', async (_, prepare, kept) => {
  const cacheDir = temporary()
  const digests = []
  for (const content of ['1', '2', '3', '4']) digests.push((await pack(content, cacheDir)).digest)
  const files = digests.map(digest => join(cacheDir, 'artifacts', digest.slice(7)))
  const ends = ['content', 'manifest']
  files.forEach((file, i) => void ends.forEach(end => void utimesSync(`${file}.${end}`, 1_000 + i, 1_000 + i)))
  pruneCache(cacheDir, prepare(digests, cacheDir), 2)
  expect(files.map(file => ends.map(end => existsSync(`${file}.${end}`)))).toEqual(
    ['1', '2', '3', '4'].map(content => ends.map(() => kept.includes(content))),
  )
})

it('removes what is unfinished once it is a day old', async () => {
  const cacheDir = fill(temporary(), { 'artifacts/1-2.tmp': 'x', 'artifacts/3-4.tmp': 'x' })
  utimesSync(join(cacheDir, 'artifacts/1-2.tmp'), 1_000, 1_000)
  writeFileSync(join(cacheDir, 'artifacts/3-4.tmp'), 'being written')
  pruneCache(cacheDir, [])
  expect(readdirSync(join(cacheDir, 'artifacts'))).toEqual(['3-4.tmp'])
})

it('has nothing to do before the first build', () => {
  const nowhere = join(temporary(), 'cache')
  pruneCache(nowhere, [])
  expect(existsSync(nowhere)).toBe(false)
})

it.each(['sha256:../../../etc/passwd', 'sha256:', '', `sha256:${'0'.repeat(64)}`])('recalls nothing for %j', digest => {
  expect(recall(temporary(), digest)).toBe(null)
})
