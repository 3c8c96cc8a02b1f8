import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packFolder } from '../../src/build/pack.js'
import { pruneCache } from '../../src/build/prune.js'
import { recall } from '../../src/build/store.js'
import { fill, nothingShared, temporary } from './folders.js'

const pack = (content: string, cacheDir: string) =>
  packFolder({ dir: fill(temporary(), { a: content }), include: null, shared: nothingShared, cacheDir })

it('keeps the artifacts that were used last', async () => {
  const cacheDir = temporary()
  const artifacts = []
  for (const content of ['1', '2', '3', '4']) artifacts.push(await pack(content, cacheDir))
  const files = artifacts.map(({ digest }) => join(cacheDir, 'artifacts', digest.slice(7)))
  files.forEach((file, i) => void utimesSync(`${file}.manifest`, 1_000 + i, 1_000 + i))
  expect(recall(cacheDir, artifacts[0]?.digest ?? '')?.manifest).toEqual(artifacts[0]?.manifest)
  pruneCache(cacheDir, 2)
  expect(files.map(file => [existsSync(`${file}.manifest`), existsSync(`${file}.content`)])).toEqual([
    [true, true],
    [false, false],
    [false, false],
    [true, true],
  ])
})

it('removes what is unfinished once it is a day old', async () => {
  const cacheDir = fill(temporary(), { 'artifacts/1-2.tmp': 'x', 'artifacts/3-4.tmp': 'x' })
  utimesSync(join(cacheDir, 'artifacts/1-2.tmp'), 1_000, 1_000)
  writeFileSync(join(cacheDir, 'artifacts/3-4.tmp'), 'being written')
  pruneCache(cacheDir)
  expect(readdirSync(join(cacheDir, 'artifacts'))).toEqual(['3-4.tmp'])
})

it('has nothing to do before the first build', () => {
  const nowhere = join(temporary(), 'cache')
  pruneCache(nowhere)
  expect(existsSync(nowhere)).toBe(false)
})

it.each(['sha256:../../../etc/passwd', 'sha256:', '', `sha256:${'0'.repeat(64)}`])('recalls nothing for %j', digest => {
  expect(recall(temporary(), digest)).toBe(null)
})
