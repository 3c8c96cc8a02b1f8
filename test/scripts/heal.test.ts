import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { contentsOf, packContents } from '../../src/artifact/cache/contents.js'
import { recall } from '../../src/artifact/cache/store.js'
import { packFolder } from '../../src/artifact/pack.js'
import { heal } from '../../src/scripts/prepare/heal.js'
import { seal } from '../../src/scripts/prepare/seal.js'
import { unpack } from '../../src/scripts/prepare/unpack.js'
import { heldContents, lostContents } from '../../src/scripts/read/contents.js'
import { verify } from '../../src/scripts/read/verify.js'
import { discard } from '../../src/scripts/transaction/end-transaction.js'
import { lock, unlock } from '../../src/scripts/transaction/lock.js'
import { bytes, fill, hostile, nothingShared, read, type Tree } from '../artifact/folders.js'
import { exhaustively } from '../support/exhaustively.js'
import { folder, place, run, type Shell, shells } from '../support/scripts.js'
import { succeed } from './staged.js'

const id = '20260102-030405-aaaaaaa'
const tree: Tree = { ...hostile, 'a/b': 'b', 'a/c': 'c', program: '#!x', 'link to it': '-> a/b', 'dir/empty/': '' }
const made = { ...tree, 'by hook': 'hook' }

/** A host with a sealed release, to which a hook has added a file; and what it lacks of it. */
async function sealed(shell: Shell) {
  const root = folder('a \\n shop')
  const cacheDir = folder()
  const artifact = await packFolder({ dir: fill(folder(), tree), include: null, shared: nothingShared, cacheDir })
  const what = { release: id, base: null, unchanged: 'copy', digest: artifact.digest, revision: 'r' } as const
  await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
  const payload = await artifact.payload(null, id)
  await succeed(run(unpack(place(root), { ...what, shared: { dirs: ['up'], files: [] } }, payload), shell))
  const dir = join(root, 'releases', id)
  writeFileSync(join(dir, 'by hook'), 'hook')
  await succeed(run(seal(place(root), { release: id, record: '{}', run: '{}', hooked: true }), shell))
  await succeed(run(unlock(place(root)), shell))
  await succeed(run(lock(place(root, 't2'), '{}', { unresolved: 'refuse' }), shell))
  const lost = async () => {
    const { stdout } = await succeed(run(lostContents(root, id), shell))
    const lines = gunzipSync(Buffer.from(stdout, 'latin1')).toString().split('\n').filter(Boolean)
    return new Set(lines.map(line => line.split(' ')[1] ?? ''))
  }
  const kept = async () => packContents(contentsOf(recall(cacheDir, artifact.digest) as never, await lost()))
  const healed = (contents: Uint8Array) => run(heal(place(root, 't2'), id, ['up'], contents), shell)
  const verified = (read: 'all' | 'written') => run(verify(root, id, { whole: false, read }), shell)
  return { root, dir, lost, kept, healed, verified }
}

function treeOf(dir: string) {
  const { REVISION: _, up: __, ...files } = read(dir)
  return files
}

describe.each(shells)('heal under $name', shell => {
  it('makes a release whole in a fresh copy, which shares nothing with another, and keeps what came later', async () => {
    const { root, dir, kept, lost, healed, verified } = await sealed(shell)
    const other = folder()
    linkSync(join(dir, 'a/c'), join(other, 'c'))
    writeFileSync(join(other, 'c'), 'appended')
    unlinkSync(bytes(dir, '\n'))
    rmSync(join(dir, 'program'))
    mkdirSync(join(dir, 'program'))
    unlinkSync(join(dir, 'link to it'))
    symlinkSync('/etc/passwd', join(dir, 'link to it'))
    rmSync(join(dir, 'dir'), { recursive: true })
    unlinkSync(join(dir, 'up'))
    fill(dir, { '__pycache__/x.pyc': 'x' })
    expect((await lost()).size).toBe(3)
    const before = lstatSync(join(dir, 'a/b')).ino
    expect(await healed(await kept())).toEqual({ code: 0, stdout: '', stderr: '' })
    const whole = read(fill(folder(), { ...made, '__pycache__/x.pyc': 'x' }))
    expect(treeOf(dir)).toEqual(whole)
    for (const how of ['all', 'written'] as const) expect((await verified(how)).code).toBe(0)
    expect(lstatSync(join(dir, 'a/b')).ino).not.toBe(before)
    expect(lstatSync(join(root, '.clonedeploy/tx/t2/aside', id, 'a/b')).ino).toBe(before)
    expect(readFileSync(join(other, 'c'), 'utf8')).toBe('appended')
    expect(readdirSync(join(root, '.clonedeploy/incoming'))).toEqual([])
    await succeed(run(discard(place(root, 't2')), shell))
    expect(treeOf(dir)).toEqual(whole)
  })

  it('writes nothing by way of a link that took the place of a folder', async () => {
    const { dir, kept, healed } = await sealed(shell)
    const outside = fill(folder(), { b: 'mine' })
    rmSync(join(dir, 'a'), { recursive: true })
    symlinkSync(outside, join(dir, 'a'))
    expect((await healed(await kept())).code).toBe(0)
    expect([treeOf(dir), read(outside)]).toEqual([read(fill(folder(), made)), { b: '644 mine' }])
  })

  it.each([
    ['nothing of what is lost comes', async () => packContents(new Map())],
    [
      'other bytes come',
      async (sums: ReadonlySet<string>) => packContents(new Map([...sums].map(sum => [sum, Buffer.from('evil')]))),
    ],
    ['what comes is cut', async () => (await packContents(new Map())).subarray(0, 20)],
  ])('leaves it as it was when %s', async (_, contents) => {
    const { root, dir, lost, healed } = await sealed(shell)
    writeFileSync(join(dir, 'a/b'), 'changed')
    const before = treeOf(dir)
    expect([81, 87]).toContain((await healed(await contents(await lost()))).code)
    expect(treeOf(dir)).toEqual(before)
    await succeed(run(discard(place(root, 't2')), shell))
    expect(readdirSync(join(root, '.clonedeploy/incoming'))).toEqual([])
  })

  it('does not touch what is served', async () => {
    const { root, dir, kept, healed } = await sealed(shell)
    symlinkSync(`releases/${id}`, join(root, 'current'))
    unlinkSync(join(dir, 'a/b'))
    expect(await healed(await kept())).toMatchObject({ code: 81, stdout: 'it is served\n' })
    expect(existsSync(join(dir, 'a/b'))).toBe(false)
  })

  it.each([
    ['thrown away', (root: string) => discard(place(root, 't2'))],
    ['taken over from', (root: string) => lock(place(root, 't3'), '{}', { unresolved: 'refuse', over: 't2' })],
  ])('that died between its renames and is %s leaves the release where it was', async (_, next) => {
    const { root, dir } = await sealed(shell)
    const before = treeOf(dir)
    mkdirSync(join(root, '.clonedeploy/tx/t2/aside'))
    renameSync(dir, join(root, '.clonedeploy/tx/t2/aside', id))
    await succeed(run(next(root), shell))
    expect(treeOf(dir)).toEqual(before)
  })

  exhaustively('finds contents in any release, and passes by what is not what it was', async () => {
    const { root, dir, lost } = await sealed(shell)
    const all = [bytes(dir, '\n'), join(dir, 'a/b'), join(dir, 'a/c')].map(file => readFileSync(file))
    const aside = join(root, 'releases/aside')
    renameSync(dir, aside)
    mkdirSync(dir)
    const wanted = [...(await lost())]
    const found = async () => {
      const { stdout } = await succeed(run(heldContents(root, wanted), shell))
      return gunzipSync(Buffer.from(stdout, 'latin1'))
    }
    expect((await found()).length).toBe(0)
    for (const end of ['', '.sealed'])
      writeFileSync(
        join(root, '.clonedeploy/manifests/aside') + end,
        readFileSync(join(root, '.clonedeploy/manifests', id) + end),
      )
    for (const content of all) expect((await found()).includes(content)).toBe(true)
    writeFileSync(join(aside, 'a/c'), 'changed')
    expect((await found()).includes('changed')).toBe(false)
  })
})
