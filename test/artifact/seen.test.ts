import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { pruneCache } from '../../src/artifact/cache/prune.js'
import { notesOf } from '../../src/artifact/cache/store.js'
import { packFolder } from '../../src/artifact/pack.js'
import { extract } from './archives.js'
import { fill, hostile, nothingShared, packsOf, read, type Tree, temporary } from './folders.js'

const release = '20260102-030405-c0ffee1'

/** The one file that says what a folder held. */
function noted(cacheDir: string): string {
  const seen = notesOf(cacheDir, 'seen') as string
  return join(seen, readdirSync(seen)[0] as string)
}

describe('a folder that is packed again', () => {
  const cache = { dir: '' }
  beforeEach(() => {
    cache.dir = temporary()
  })
  const pack = (dir: string) =>
    packFolder({ dir, include: null, shared: nothingShared, cacheDir: cache.dir, stays: true })
  const fresh = (dir: string) => packFolder({ dir, include: null, shared: nothingShared, cacheDir: temporary() })

  /** As if it had been packed a minute after the last write to it. */
  const settle = (seconds = 60) => {
    const file = noted(cache.dir)
    const [digest, at, ...lines] = readFileSync(file, 'latin1').split('\n')
    writeFileSync(file, [digest, Number(at) + seconds * 1000, ...lines].join('\n'), 'latin1')
  }
  /** Other bytes of the same length in what was frozen: only who does not read the files themselves finds them. */
  const spoil = (digest: string) => {
    for (const pack of packsOf(cache.dir, digest)) writeFileSync(pack, readFileSync(pack).fill('?'))
  }
  const arrived = async (artifact: Awaited<ReturnType<typeof pack>>) =>
    read(join(extract('GNU tar', (await artifact.payload(null, release)).data), 'tree'))

  it.each<[string, (dir: string) => void]>([
    ['nothing', () => {}],
    ['a file', dir => writeFileSync(join(dir, 'run'), 'new')],
    ['the first file', dir => writeFileSync(join(dir, '-'), 'new and longer')],
    ['a large file', dir => writeFileSync(join(dir, 'large'), 'l'.repeat(5 << 20))],
    ['a file to what another has', dir => writeFileSync(join(dir, 'run'), 'one')],
    ['names', dir => renameSync(join(dir, 'a/1'), join(dir, 'z/3'))],
    ['what there is', dir => rmSync(join(dir, 'a/1'))],
  ])('is what a first packing would make of it, after a change of %s', async (_, change) => {
    const tree: Tree = { ...hostile, '-': 'x', 'a/1': 'one', 'z/1': 'one', 'z/2': 'two', run: '#!x', empty: '' }
    const dir = fill(temporary(), { ...tree, large: 'L'.repeat(3 << 20) })
    await pack(dir)
    settle()
    change(dir)
    const [again, first] = [await pack(dir), await fresh(dir)]
    expect(again.digest).toBe(first.digest)
    expect((await again.payload(null, release)).data).toEqual((await first.payload(null, release)).data)
    settle()
    expect((await pack(dir)).digest).toBe(first.digest)
  })

  it('is not read where nothing was written, and damage of what is kept ends with the next try', async () => {
    const dir = fill(temporary(), { same: 'same', other: 'a' })
    spoil((await pack(dir)).digest)
    settle()
    writeFileSync(join(dir, 'other'), 'b')
    await expect((await pack(dir)).payload(null, release)).rejects.toThrow('the artifact in the local cache is damaged')
    expect(await arrived(await pack(dir))).toEqual({ same: '644 same', other: '644 b' })
  })

  it.each([
    [1, 'SAME'],
    [60, 'same'],
  ])('is read where it was written shortly before it was packed, for a later write could have left its time as it was: %i s', async (age, content) => {
    const dir = fill(temporary(), { same: 'same' })
    await pack(dir)
    writeFileSync(join(dir, 'same'), 'SAME')
    const { ino, size, mtimeMs, ctimeMs } = lstatSync(join(dir, 'same'))
    const before = readFileSync(noted(cache.dir), 'latin1').split('\n').slice(0, -1)
    writeFileSync(noted(cache.dir), [...before, `${ino} ${size} ${mtimeMs} ${ctimeMs}`].join('\n'), 'latin1')
    settle(age)
    expect(await arrived(await pack(dir))).toEqual({ same: `644 ${content}` })
  })

  it.each<[string, (file: string) => void]>([
    ['in place', file => writeFileSync(file, 'SAME')],
    [
      'by another file',
      file => {
        writeFileSync(`${file}.new`, 'SAME')
        renameSync(`${file}.new`, file)
      },
    ],
  ])('is read where a file was replaced %s, with its size and time', async (_, replace) => {
    const dir = fill(temporary(), { same: 'same' })
    const file = join(dir, 'same')
    utimesSync(file, 1_000_000, 1_000_000)
    await pack(dir)
    settle()
    replace(file)
    utimesSync(file, 1_000_000, 1_000_000)
    expect(await arrived(await pack(dir))).toEqual({ same: '644 SAME' })
  })

  it.each<[string, (cacheDir: string, digest: string) => void]>([
    ['its artifact is gone', (dir, digest) => packsOf(dir, digest).forEach(pack => void rmSync(pack))],
    [
      'the record is cut',
      dir => {
        const file = noted(dir)
        writeFileSync(file, readFileSync(file).subarray(0, -30))
      },
    ],
  ])('is read where %s', async (_, lose) => {
    const dir = fill(temporary(), { a: 'a', b: 'b' })
    const { digest } = await pack(dir)
    settle()
    lose(cache.dir, digest)
    expect(await arrived(await pack(dir))).toEqual({ a: '644 a', b: '644 b' })
  })

  it('is forgotten with its artifact', async () => {
    await pack(fill(temporary(), { a: '1' }))
    const artifacts = readdirSync(join(cache.dir, 'artifacts')).map(name => join(cache.dir, 'artifacts', name))
    for (const file of [noted(cache.dir), ...artifacts]) utimesSync(file, 1_000, 1_000)
    await pack(fill(temporary(), { a: '2' }))
    pruneCache(cache.dir, [], 1)
    expect(readdirSync(dirname(noted(cache.dir)))).toHaveLength(1)
    expect(existsSync(join(cache.dir, 'artifacts'))).toBe(true)
  })
})
