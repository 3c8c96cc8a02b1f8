import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { pruneCache } from '../../src/artifact/cache/prune.js'
import { recall } from '../../src/artifact/cache/store.js'
import { packFolder } from '../../src/artifact/pack.js'
import { fill, nothingShared, packsOf, temporary } from './folders.js'

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
  const files = digests.map(digest => filesOf(cacheDir, digest))
  files.forEach((all, i) => void all.forEach(file => void utimesSync(file, 1_000 + i, 1_000 + i)))
  pruneCache(cacheDir, prepare(digests, cacheDir), 2)
  expect(files.map(all => all.map(file => existsSync(file)))).toEqual(
    ['1', '2', '3', '4'].map(content => Array(4).fill(kept.includes(content))),
  )
})

/** All that there is of an artifact that was packed alone. */
function filesOf(cacheDir: string, digest: string): readonly string[] {
  const own = ['manifest', 'packs'].map(end => join(cacheDir, 'artifacts', `${digest.slice(7)}.${end}`))
  return [...own, ...packsOf(cacheDir, digest).flatMap(pack => [pack, pack.replace('.content', '.index')])]
}

it('keeps the packs of an artifact that it removes, as long as another one needs them', async () => {
  const cacheDir = temporary()
  const dir = fill(temporary(), { a: 'of both', b: '1' })
  const of = () => packFolder({ dir, include: null, shared: nothingShared, cacheDir, stays: true })
  for (const file of ['a', 'b']) utimesSync(join(dir, file), 1_000, 1_000)
  const first = await of()
  fill(dir, { b: '2' })
  const second = await of()
  const artifacts = join(cacheDir, 'artifacts')
  for (const name of readdirSync(artifacts)) utimesSync(join(artifacts, name), 1_000, 1_000)
  pruneCache(cacheDir, [second.digest], 0)
  expect(recall(cacheDir, first.digest)).toBe(null)
  expect((await second.payload(null, '20260102-030405-c0ffee1')).files).toBe(2)
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
