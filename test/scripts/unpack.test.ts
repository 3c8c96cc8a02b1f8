import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { Artifact } from '../../src/artifact/artifact.js'
import { packFolder } from '../../src/artifact/pack.js'
import { zipFor } from '../../src/artifact/payload/zip.js'
import { fileTime, touchStamp } from '../../src/release/id.js'
import { seal } from '../../src/scripts/prepare/seal.js'
import type { Unpack } from '../../src/scripts/prepare/unchanged.js'
import { unpack } from '../../src/scripts/prepare/unpack.js'
import { type Verify, verify } from '../../src/scripts/read/verify.js'
import { discard } from '../../src/scripts/transaction/end-transaction.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { bytes, fill, hostile, nothingShared, read, type Tree } from '../artifact/folders.js'
import { exhaustively } from '../support/exhaustively.js'
import { inodes, writeFiles } from '../support/files.js'
import { installed, isHere } from '../support/installed.js'
import { everyShell, folder, place, run, type Shell, shells, shellsOnPath } from '../support/scripts.js'
import { exhaustive, tried } from '../support/tier.js'
import { succeed } from './staged.js'

const first = '20260102-030405-aaaaaaa'
const second = '20260203-040506-bbbbbbb'
/** Bytes that some shells use for themselves. */
const odd: Tree = {
  ...hostile,
  'dash \x81\x82\x83\x84\x85\x86\x87\x88': 'bytes',
  '\x01\x7f': 'bytes of other shells',
  '-': 'no standard input',
}

const pack = (tree: Tree): Promise<Artifact> =>
  packFolder({ dir: fill(folder(), tree), include: null, shared: nothingShared, cacheDir: folder() })

/** Each case with both ways to take unchanged files. */
function both<T>(cases: readonly (readonly [string, T])[]): readonly (readonly [string, Unpack['unchanged'], T])[] {
  return cases.flatMap(([name, act]) => [[name, 'copy', act] as const, [name, 'link', act] as const])
}

function modified(root: string, release: string, name: string): number {
  return lstatSync(bytes(join(root, 'releases', release), name)).mtimeMs
}

function what(artifact: Artifact, more: Partial<Unpack> = {}): Unpack {
  const { digest } = artifact
  return { release: first, base: null, unchanged: 'copy', digest, revision: 'c0ffee', shared: nothingShared, ...more }
}

async function lockedFolder(shell: Shell): Promise<string> {
  const root = folder('a \\n shop')
  await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
  return root
}

/** A folder with the first release in it, sealed. */
async function sealed(shell: Shell, artifact: Artifact, hooked = false): Promise<string> {
  const root = await lockedFolder(shell)
  await succeed(run(unpack(place(root), what(artifact), await artifact.payload(null, first)), shell))
  await succeed(
    run(
      seal(place(root), { release: first, record: JSON.stringify({ digest: artifact.digest }), run: '{}', hooked }),
      shell,
    ),
  )
  return root
}

function treeOf(root: string, id = first): Record<string, string> {
  const { REVISION: _, ...tree } = read(join(root, 'releases', id))
  return tree
}

describe.each(shells)('unpack under $name', shell => {
  it('makes the release byte for byte, whatever the names', async () => {
    const artifact = await pack(odd)
    const root = await lockedFolder(shell)
    const payload = await artifact.payload(null, first)
    expect(await run(unpack(place(root), what(artifact), payload), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(treeOf(root)).toEqual(read(fill(folder(), odd)))
    expect(readFileSync(join(root, 'releases', first, 'REVISION'), 'utf8')).toBe('c0ffee\n')
    expect(
      `sha256:${createHash('sha256')
        .update(readFileSync(join(root, '.clonedeploy/manifests', first)))
        .digest('hex')}`,
    ).toBe(artifact.digest)
    expect(readdirSync(join(root, '.clonedeploy/incoming'))).toEqual([])
    expect(readFileSync(join(root, '.clonedeploy/tx/t1/made'), 'utf8')).toBe(`${first}\n`)
  })

  it('gives every file the time that is in its id', async () => {
    const artifact = await pack(odd)
    const root = await sealed(shell, artifact)
    const stamp = Date.UTC(2026, 0, 2, 3, 4, 5)
    expect(touchStamp(fileTime(first))).toBe('202601020304.05')
    for (const name of Object.keys(odd).filter(name => !name.endsWith('/') && !odd[name]?.startsWith('-> ')))
      expect(lstatSync(bytes(join(root, 'releases', first), name)).mtimeMs, JSON.stringify(name)).toBe(stamp)
  })

  // busybox has no zstd: such a host is sent gzip.
  if (shell.name !== 'busybox' && zipFor([]) === 'zstd')
    it('makes the release out of what zstd packed; half of it is none', async () => {
      installed('zstd')
      const artifact = await pack({ large: 'text '.repeat(1e6), small: 'x' })
      const root = await lockedFolder(shell)
      const payload = await artifact.payload(null, first, 'zstd')
      const half = { ...payload, data: payload.data.subarray(0, payload.data.length / 2) }
      expect((await run(unpack(place(root), what(artifact), half), shell)).code).toBe(87)
      expect(existsSync(join(root, 'releases', first))).toBe(false)
      await succeed(run(unpack(place(root), what(artifact), payload), shell))
      expect(treeOf(root)).toEqual({ large: `644 ${'text '.repeat(1e6)}`, small: '644 x' })
    })

  // A file system that keeps no ACL is one without this promise.
  exhaustively(
    'gives every file the mode of the manifest, also where a default ACL masks what others may do',
    async () => {
      if (!isHere('setfacl')) return
      const login = process.getuid?.() === 0 ? { uid: 65534 } : {}
      const root = folder('masked')
      chmodSync(root, 0o777)
      execFileSync(installed('setfacl'), ['-d', '-m', 'o::---', root])
      const long = Array.from({ length: 4000 }, (_, n) => `line ${n}\n`).join('')
      const tree = { 'bin/run': '#!/bin/sh\n', 'index.html': 'one', long }
      const artifacts = [await pack(tree), await pack({ ...tree, 'index.html': 'two', long: `${long}more\n` })]
      await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell, login))
      for (const [i, artifact] of artifacts.entries()) {
        const release = i === 0 ? first : second
        const base = i === 0 ? null : first
        const payload = await artifact.payload(base && (artifacts[0]?.manifest ?? null), release)
        await succeed(run(unpack(place(root), what(artifact, { release, base }), payload), shell, login))
        const record = JSON.stringify({ digest: artifact.digest })
        await succeed(run(seal(place(root), { release, record, run: '{}', hooked: false }), shell, login))
        const mode = (name: string) => (lstatSync(join(root, 'releases', release, name)).mode & 0o777).toString(8)
        expect(['bin/run', 'index.html', 'long'].map(mode)).toEqual(['755', '644', '644'])
      }
    },
  )

  it('makes an empty release', async () => {
    const artifact = await pack({ 'empty/': '' })
    const root = await lockedFolder(shell)
    await succeed(run(unpack(place(root), what(artifact), await artifact.payload(null, first)), shell))
    expect(treeOf(root)).toEqual({ 'empty/': 'folder 755' })
  })

  it('links shared paths, also deep ones, and makes the folders in shared/', async () => {
    const artifact = await pack({ 'public/index.html': 'x' })
    const root = await lockedFolder(shell)
    fill(root, { 'shared/.env': 'A=1', 'shared/config/it is/secret.json': '{}' })
    const shared = { dirs: ['uploads', 'public/a/b'], files: ['.env', 'config/it is/secret.json'] }
    await succeed(run(unpack(place(root), what(artifact, { shared }), await artifact.payload(null, first)), shell))
    expect(treeOf(root)).toEqual({
      '.env': '-> ../../shared/.env',
      'config/': 'folder 755',
      'config/it is/': 'folder 755',
      'config/it is/secret.json': '-> ../../../../shared/config/it is/secret.json',
      'public/': 'folder 755',
      'public/a/': 'folder 755',
      'public/a/b': '-> ../../../../shared/public/a/b',
      'public/index.html': '644 x',
      uploads: '-> ../../shared/uploads',
    })
    expect(readFileSync(join(root, 'releases', first, '.env'), 'utf8')).toBe('A=1')
    expect(readFileSync(join(root, 'releases', first, 'config/it is/secret.json'), 'utf8')).toBe('{}')
    expect(lstatSync(join(root, 'shared/public/a/b')).isDirectory()).toBe(true)
  })

  it('lays out what a shared folder begins with where it is empty, and touches none that holds something', async () => {
    const artifact = await pack({ a: 'x' })
    const root = await lockedFolder(shell)
    fill(root, { 'shared/empty/': '', 'shared/used/mine': 'mine' })
    const text = '*\n!it\'s "$HOME" `x` \\n %s\n'
    const skeleton = { 'absent/a b/c/.gitignore': text, 'empty/.keep': '', 'used/mine': 'ours', 'used/new': 'ours' }
    const shared = { dirs: ['absent', 'empty', 'used', 'bare'], files: [], skeleton }
    await succeed(run(unpack(place(root), what(artifact, { shared }), await artifact.payload(null, first)), shell))
    expect(read(join(root, 'shared'))).toEqual({
      'absent/': 'folder 755',
      'absent/a b/': 'folder 755',
      'absent/a b/c/': 'folder 755',
      'absent/a b/c/.gitignore': `644 ${text}`,
      'bare/': 'folder 755',
      'empty/': 'folder 755',
      'empty/.keep': '644 ',
      'used/': 'folder 755',
      'used/mine': '644 mine',
    })
  })

  it('names the shared file that is missing, and no release appears', async () => {
    const artifact = await pack({ a: 'a' })
    const root = await lockedFolder(shell)
    const shared = { dirs: [], files: ['config/my file'] }
    const result = await run(
      unpack(place(root), what(artifact, { shared }), await artifact.payload(null, first)),
      shell,
    )
    expect(result).toMatchObject({ code: 77, stdout: 'config/my file\n' })
    expect(readdirSync(join(root, 'releases'))).toEqual([])
  })

  it('refuses a release that is there already, and leaves it alone', async () => {
    const artifact = await pack({ a: 'a' })
    const root = await sealed(shell, artifact)
    const before = read(root)
    expect((await run(unpack(place(root), what(artifact), await artifact.payload(null, first)), shell)).code).toBe(86)
    expect(read(root)).toEqual(before)
  })

  it.each([0, 10, 0.5, ...exhaustive([1, 100, 1000, 0.9])])('refuses a payload that is cut at %d', async cut => {
    const artifact = await pack(odd)
    const root = await lockedFolder(shell)
    const payload = await artifact.payload(null, first)
    const { length } = payload.data
    const data = payload.data.subarray(0, cut > 0 && cut < 1 ? Math.floor(length * cut) : cut)
    expect([81, 87]).toContain((await run(unpack(place(root), what(artifact), { ...payload, data }), shell)).code)
    expect(readdirSync(join(root, 'releases'))).toEqual([])
  })

  it.each([
    8,
    ...exhaustive([1, 9]),
  ])('has no need of the last %d bytes: the manifest vouches for all that is made', async cut => {
    const artifact = await pack(odd)
    const root = await lockedFolder(shell)
    const payload = await artifact.payload(null, first)
    const data = payload.data.subarray(0, payload.data.length - cut)
    const { code } = await run(unpack(place(root), what(artifact), { ...payload, data }), shell)
    if (code === 0) expect(treeOf(root)).toEqual(read(fill(folder(), odd)))
    else expect([[81, 87].includes(code ?? 0), readdirSync(join(root, 'releases'))]).toEqual([true, []])
  })

  it('refuses an archive that ends at the border of a member, which tar takes for a good one', async () => {
    const artifact = await pack({ a: 'a', b: 'b', c: 'c' })
    const root = await lockedFolder(shell)
    const payload = await artifact.payload(null, first)
    const tar = gunzipSync(payload.data)
    const cut = gzipSync(Buffer.concat([tar.subarray(0, tar.lastIndexOf('tree/c')), Buffer.alloc(1024)]))
    expect(await run(unpack(place(root), what(artifact), { ...payload, data: cut }), shell)).toMatchObject({
      code: 81,
      stdout: 'there are more or fewer entries than in the manifest\n',
    })
    expect(readdirSync(join(root, 'releases'))).toEqual([])
  })

  it.each([
    ['a byte of a file', 'original', 'tampered', 'contents differ from the manifest\n'],
    ['the target of a link', 'nowhere', 'noplace', 'the manifest that arrived is another one\n'],
  ])('refuses a payload in which %s is another one', async (_, from, to, said) => {
    const artifact = await pack({ file: 'original', link: '-> nowhere' })
    const root = await lockedFolder(shell)
    const payload = await artifact.payload(null, first)
    const tar = gunzipSync(payload.data).toString('latin1')
    const bad = gzipSync(Buffer.from(checked(tar.replaceAll(from, to)), 'latin1'))
    expect(await run(unpack(place(root), what(artifact), { ...payload, data: bad }), shell)).toMatchObject({
      code: 81,
      stdout: said,
    })
    expect(readdirSync(join(root, 'releases'))).toEqual([])
  })

  it('refuses a payload of another artifact', async () => {
    const [artifact, other] = [await pack({ a: 'a' }), await pack({ a: 'b' })]
    const root = await lockedFolder(shell)
    const result = await run(unpack(place(root), what(artifact), await other.payload(null, first)), shell)
    expect(result).toMatchObject({ code: 81, stdout: 'the manifest that arrived is another one\n' })
  })

  it('says that the base is not there', async () => {
    const artifact = await pack({ a: 'a' })
    const root = await lockedFolder(shell)
    const payload = await artifact.payload(artifact.manifest, first)
    expect((await run(unpack(place(root), what(artifact, { base: second }), payload), shell)).code).toBe(76)
  })
})

describe.each(shellsOnPath)('unpack under $name', shell => {
  it.each([
    ['before it makes its folder', 'before', 'mkdir', 79],
    ['when it has just made it', 'after', 'mkdir', 79],
    ['before it fills it', 'before', 'tar', 87],
    ['while it fills it', 'after', 'tar', 87],
  ])('leaves nothing behind when all is thrown away %s', async (_, when, program, stopped) => {
    const artifact = await pack(odd)
    const root = await lockedFolder(shell)
    const real = shell.name === 'busybox' ? `/usr/bin/busybox ${program}` : `/usr/bin/${program}`
    const bin = folder()
    // Who throws away a folder that is being filled may leave some of it.
    const left =
      program === 'tar' && when === 'after' ? `; /bin/mkdir -p '${root}/.clonedeploy/incoming/t1/tree/left'` : ''
    const throwAway = `[ "$when" = ${when} ] && [ ! -e '${bin}/done' ] && : >'${bin}/done' && sh '${bin}/discard'${left}`
    const slow = `#!/bin/sh
here() { when=$1; shift; case $* in *incoming/t1) ( ${throwAway} ) </dev/null ;; esac; }
here before "$@"; ${real} "$@" || exit 1; here after "$@"; exit 0
`
    writeFiles(bin, { discard: discard(place(root)).text, [program]: { mode: 0o755, text: slow } })
    const { code } = await run(unpack(place(root), what(artifact), await artifact.payload(null, first)), {
      ...shell,
      path: `${bin}:${shell.path}`,
    })
    expect(existsSync(join(bin, 'done'))).toBe(true)
    expect(code).toBe(stopped)
    for (const dir of ['incoming', 'tx', 'manifests']) expect(readdirSync(join(root, '.clonedeploy', dir))).toEqual([])
  })

  it.each([
    ['runs when a discard is about to remove the folder of its transaction', 'rm', 'discard', '*tx/t1'],
    ['is thrown away before its manifest is in its place', 'mv', 'unpack', '*manifests/'],
    ['is thrown away before it is in its place', 'mv', 'unpack', `*releases/${first}`],
  ])('leaves nothing behind when it %s', async (_, program, outer, words) => {
    const artifact = await pack(odd)
    const root = await lockedFolder(shell)
    const bin = folder()
    const made = unpack(place(root), what(artifact), await artifact.payload(null, first))
    const inner = outer === 'unpack' ? 'discard' : 'unpack'
    const real = shell.name === 'busybox' ? `/usr/bin/busybox ${program}` : `/usr/bin/${program}`
    const once = `[ -e '${bin}/begun' ] || { : >'${bin}/begun'; ( cd '${bin}'; sh './${inner}' <payload >said 2>&1; echo "$?" >code ); }`
    const text = `#!/bin/sh
case $* in ${words}) ${once} ;; esac
exec ${real} "$@"
`
    writeFiles(bin, {
      unpack: made.text,
      payload: Buffer.concat(made.input),
      discard: discard(place(root)).text,
      [program]: { mode: 0o755, text },
    })
    const { code } = await run(outer === 'unpack' ? made : discard(place(root)), {
      ...shell,
      path: `${bin}:${shell.path}`,
    })
    const said = Number(readFileSync(join(bin, 'code')))
    expect(outer === 'unpack' ? [code, said] : [said, code]).toEqual([87, 0])
    for (const dir of ['.clonedeploy/incoming', '.clonedeploy/manifests', '.clonedeploy/tx', 'releases'])
      expect(readdirSync(join(root, dir))).toEqual([])
  })
})

describe.each(shells)('unpack on a base under $name', shell => {
  const changed: Tree = {
    ...Object.fromEntries(
      Object.entries(odd).filter(([name]) => !["it's", 'folder/\n/file in a newline', 'links/long'].includes(name)),
    ),
    'new\nfile': 'new',
    'run.sh': 'no longer a program',
    empty: 'no longer empty',
    'links/self': '-> elsewhere',
    'another/empty/': '',
  }

  const linked = shell.name !== 'busybox'

  it.each([
    { unchanged: 'copy' as const, shares: false },
    // Without GNU's find nobody can tell that nothing was written.
    { unchanged: 'link' as const, shares: linked },
  ])('takes what is unchanged by $unchanged and makes the release byte for byte', async ({ unchanged, shares }) => {
    const [base, next] = [await pack(odd), await pack(changed)]
    const root = await sealed(shell, base)
    const payload = await next.payload(base.manifest, second)
    expect(payload.files).toBe(3)
    const result = await run(
      unpack(place(root), what(next, { release: second, base: first, unchanged }), payload),
      shell,
    )
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(treeOf(root, second)).toEqual(read(fill(folder(), changed)))
    expect(treeOf(root)).toEqual(read(fill(folder(), odd)))
    const kept = 'dash \x81\x82\x83\x84\x85\x86\x87\x88'
    const inode = (id: string) => lstatSync(bytes(join(root, 'releases', id), kept)).ino
    expect(inode(second) === inode(first)).toBe(shares)
    expect(modified(root, second, kept)).toBe(modified(root, first, kept))
    expect(modified(root, second, 'run.sh')).toBeGreaterThan(modified(root, first, 'run.sh'))
    expect((await run(verify(root, second, { whole: false, read: 'all' }), shell)).code).toBe(0)
  })

  it('makes files that changed in one place from those of the base, and refuses them where these are not what they were', async () => {
    const cacheDir = folder()
    const of = (tree: Tree) => packFolder({ dir: fill(folder(), tree), include: null, shared: nothingShared, cacheDir })
    const text = 'abcdefg\n'.repeat(2000)
    const before: Tree = { "it's/-big\n\\": text, '-': `x ${text}`, 'run.sh': `#!${text}` }
    const after: Tree = {
      "it's/-big\n\\": `${text.slice(0, 5000)}new\n${text.slice(5001)}`,
      '-': `new ${text}`,
      'run.sh': `#!${text}exit\n`,
    }
    const [base, next] = [await of(before), await of(after)]
    const payload = await next.payload(base.manifest, second)
    expect(payload.data.length).toBeLessThan(1500)
    const root = await sealed(shell, base)
    const made = what(next, { release: second, base: first, unchanged: 'link' })
    expect(await run(unpack(place(root), made, payload), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(treeOf(root, second)).toEqual(read(fill(folder(), after)))
    expect(treeOf(root)).toEqual(read(fill(folder(), before)))
    for (const name of Object.keys(after)) expect(modified(root, second, name)).toBe(fileTime(second) * 1000)
    writeFileSync(join(root, 'releases', first, 'run.sh'), '#!'.padEnd(text.length + 2, '?'))
    const again = { ...made, release: '20260304-000000-ccccccc' }
    expect((await run(unpack(place(root), again, payload), shell)).code).toBe(81)
    expect(readdirSync(join(root, 'releases'))).toEqual([first, second])
  })

  it('links nothing that was written since it was checked, though it has its bytes and times again', async () => {
    const [base, next] = [
      await pack({ same: 'same', kept: 'kept' }),
      await pack({ same: 'same', kept: 'kept', new: '' }),
    ]
    const root = await sealed(shell, base)
    const [file, other] = ['same', 'kept'].map(name => join(root, 'releases', first, name)) as [string, string]
    const { atime, mtime } = lstatSync(file)
    writeFileSync(`${file}.new`, 'same')
    utimesSync(`${file}.new`, atime, mtime)
    renameSync(`${file}.new`, file)
    const payload = await next.payload(base.manifest, second)
    const made = what(next, { release: second, base: first, unchanged: 'link' })
    expect(await run(unpack(place(root), made, payload), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(lstatSync(join(root, 'releases', second, 'same')).ino).not.toBe(lstatSync(file).ino)
    expect(lstatSync(join(root, 'releases', second, 'kept')).ino).not.toBe(lstatSync(other).ino)
  })

  it.each([
    'link',
    ...exhaustive(['copy'] as const),
  ] as const)('brings no pipe along that somebody made in the base (%s)', async unchanged => {
    const [base, next] = [await pack({ same: 'same' }), await pack({ same: 'same', new: '' })]
    const root = await sealed(shell, base)
    execFileSync('mkfifo', [join(root, 'releases', first, 'pipe')])
    const made = what(next, { release: second, base: first, unchanged })
    const payload = await next.payload(base.manifest, second)
    expect(await run(unpack(place(root), made, payload), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    // Not by reading the tree: who opens a pipe waits.
    expect(readdirSync(join(root, 'releases', second)).sort()).toEqual(['REVISION', 'new', 'same'])
  })

  it('leaves behind what the base has beside its manifest: shared paths, and files that its app wrote', async () => {
    const [base, next] = [await pack({ 'a/same': 'same' }), await pack({ 'a/same': 'same', new: '' })]
    const root = await lockedFolder(shell)
    const added = { shared: { dirs: ['uploads', 'public/a/b'], files: [] }, touched: ['tmp/restart.txt'] }
    await succeed(run(unpack(place(root), what(base, added), await base.payload(null, first)), shell))
    await succeed(
      run(
        seal(place(root), {
          release: first,
          record: JSON.stringify({ digest: base.digest }),
          run: '{}',
          hooked: false,
        }),
        shell,
      ),
    )
    const brought = async (release: string) => {
      const made = what(next, { release, base: first, unchanged: 'link', ...added })
      expect(await run(unpack(place(root), made, await next.payload(base.manifest, second)), shell)).toMatchObject({
        code: 0,
      })
      const links = {
        'public/': 'folder 755',
        'public/a/': 'folder 755',
        'public/a/b': '-> ../../../../shared/public/a/b',
      }
      expect(treeOf(root, release)).toEqual({
        ...links,
        'a/': 'folder 755',
        'a/same': '644 same',
        new: '644 ',
        'tmp/': 'folder 755',
        'tmp/restart.txt': '644 ',
        uploads: '-> ../../shared/uploads',
      })
      return (
        lstatSync(join(root, 'releases', release, 'a/same')).ino ===
        lstatSync(join(root, 'releases', first, 'a/same')).ino
      )
    }
    expect(await brought(second)).toBe(linked)
    writeFileSync(join(root, 'releases', first, 'a/cache'), 'written later')
    expect(await brought('20260304-000000-ccccccc')).toBe(linked)
  })

  it('makes folders of files, files of folders, and what its restart touches, whether the rest is linked or copied', async () => {
    const before = { 'x/a': '1', 'x/b/c': '2', y: 'file', 'z/deep/d': '3', l: '-> y', 'gone/e/f': 'g' }
    const after = { x: 'now a file', 'y/in': 'now a folder', z: '-> kept', 'l/f': 'of a link', 'new/empty/': '' }
    const same = { kept: 'kept', 'tmp/same.txt': 'same' }
    const [base, next] = [
      await pack({ ...before, ...same, 'tmp/changed.txt': 'a' }),
      await pack({ ...after, ...same, 'tmp/changed.txt': 'b' }),
    ]
    const added = { shared: { dirs: [], files: [] }, touched: ['tmp/changed.txt', 'tmp/own.txt'] }
    const root = await lockedFolder(shell)
    await succeed(run(unpack(place(root), what(base, added), await base.payload(null, first)), shell))
    await succeed(
      run(
        seal(place(root), {
          release: first,
          record: JSON.stringify({ digest: base.digest }),
          run: '{}',
          hooked: false,
        }),
        shell,
      ),
    )
    const was = treeOf(root)
    const brought = async (release: string) => {
      const made = what(next, { release, base: first, unchanged: 'link', ...added })
      const result = await run(unpack(place(root), made, await next.payload(base.manifest, second)), shell)
      expect(result).toEqual({ code: 0, stdout: '', stderr: '' })
      const whole = { ...after, ...same, 'tmp/changed.txt': 'b', 'tmp/own.txt': '' }
      expect(treeOf(root, release)).toEqual(read(fill(folder(), whole)))
      const inode = (id: string) => lstatSync(join(root, 'releases', id, 'kept')).ino
      return inode(release) === inode(first)
    }
    expect(await brought(second)).toBe(linked)
    expect(treeOf(root)).toEqual(was)
    writeFileSync(join(root, 'releases', first, 'gone/cache'), 'written later')
    expect(await brought('20260304-000000-ccccccc')).toBe(linked)
    expect(treeOf(root)).toEqual({ ...was, 'gone/cache': '644 written later' })
  })

  it.each([
    'link',
    'copy',
  ] as const)('takes nothing from the base that its app may have written (%s)', async unchanged => {
    const writable = ['storage/**', 'log']
    const tree = { 'storage/a': 'built', log: '', 'storage/gone/b': 'b', 'storage/l': '-> a', kept: 'kept' }
    const [base, next] = [await pack(tree), await pack({ ...tree, new: '' })]
    const root = await lockedFolder(shell)
    await succeed(run(unpack(place(root), { ...what(base), writable }, await base.payload(null, first)), shell))
    const record = JSON.stringify({ digest: base.digest })
    await succeed(run(seal(place(root), { release: first, record, run: '{}', hooked: false, writable }), shell))
    const dir = join(root, 'releases', first)
    fill(dir, { 'storage/a': 'written', 'storage/more/x': '', log: 'line' })
    rmSync(join(dir, 'storage/gone'), { recursive: true })
    const payload = await next.payload(base.manifest, second, 'gzip', writable)
    expect(payload).toMatchObject({ files: 4, links: 1 })
    const made = { ...what(next, { release: second, base: first, unchanged }), writable }
    expect(await run(unpack(place(root), made, payload), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(treeOf(root, second)).toEqual(read(fill(folder(), { ...tree, new: '' })))
    const inode = (id: string) => lstatSync(join(root, 'releases', id, 'kept')).ino
    expect(inode(second) === inode(first)).toBe(unchanged === 'link' && linked)
  })

  it.each([
    'link',
    ...exhaustive(['copy'] as const),
  ] as const)('refuses it when hooks have changed a file of the base (%s)', async unchanged => {
    const [base, next] = [await pack({ same: 'same' }), await pack({ same: 'same', new: '' })]
    const root = await lockedFolder(shell)
    await succeed(run(unpack(place(root), what(base), await base.payload(null, first)), shell))
    writeFileSync(join(root, 'releases', first, 'same'), 'hook')
    const record = JSON.stringify({ digest: base.digest })
    await succeed(run(seal(place(root), { release: first, record, run: '{}', hooked: true }), shell))
    const made = what(next, { release: second, base: first, unchanged })
    expect((await run(unpack(place(root), made, await next.payload(base.manifest, second)), shell)).code).toBe(81)
  })

  it.each([
    'gone/file',
    'shared/file',
    'gone/empty',
  ])('removes nothing by way of a link in the base: %s', async lost => {
    const [base, next] = [
      await pack({ 'gone/file': 'x', 'gone/empty/': '', 'shared/x': '', same: 'same' }),
      await pack({ 'shared/x': '', same: 'same' }),
    ]
    const root = await sealed(shell, base)
    const dir = join(root, 'releases', first)
    const outside = fill(folder(), { 'gone/file': 'mine', 'gone/empty/': '', 'shared/file': 'mine', 'shared/x': '' })
    const link = lost.split('/')[0] as string
    renameSync(join(dir, link), join(dir, 'aside'))
    symlinkSync(join(outside, link), join(dir, link))
    const shared = { dirs: [], files: ['shared/file'] }
    writeFiles(root, { 'shared/shared/file': 'x' })
    const made = what(next, { release: second, base: first, unchanged: 'link', shared })
    await run(unpack(place(root), made, await next.payload(base.manifest, second)), shell)
    expect(existsSync(join(outside, lost))).toBe(true)
  })

  it.each(
    tried(
      both([
        ['a file was changed', (dir: string) => writeFileSync(join(dir, 'same'), 'SAME')],
        ['a file is missing', (dir: string) => unlinkSync(join(dir, 'same'))],
        ['a mode was changed', (dir: string) => chmodSync(join(dir, 'same'), 0o755)],
        ['a link was changed', (dir: string) => relink(join(dir, 'link'), 'evil')],
        ['a file became a folder', (dir: string) => becomeFolder(dir)],
      ]),
      ([, unchanged], i) => unchanged === 'link' && i < 6,
    ),
  )('refuses it when in the base %s (%s)', async (_, unchanged, spoil) => {
    const base = await pack({ same: 'same', other: 'a', link: '-> same' })
    const next = await pack({ same: 'same', other: 'b', link: '-> same' })
    const root = await sealed(shell, base)
    spoil(join(root, 'releases', first))
    const payload = await next.payload(base.manifest, second)
    expect(
      (await run(unpack(place(root), what(next, { release: second, base: first, unchanged }), payload), shell)).code,
    ).toBe(81)
    expect(readdirSync(join(root, 'releases'))).toEqual([first])
    const whole = await run(
      unpack(place(root), what(next, { release: second }), await next.payload(null, first)),
      shell,
    )
    expect(whole).toEqual({ code: 0, stdout: '', stderr: '' })
  })
})

describe.each(shells)('seal under $name', shell => {
  const record = `{"digest":"sha256:x","by":"it's \\\\ $(anna)"}`

  it('records what it was given, and no tree where no hook ran', async () => {
    const root = await sealed(shell, await pack({ a: 'a' }))
    expect(await run(seal(place(root), { release: first, record: record, run: '{}', hooked: false }), shell)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect(readFileSync(join(root, '.clonedeploy/manifests', `${first}.seal`), 'utf8')).toBe(`${record}\n\n`)
  })

  it('tells and records the tree that hooks have made', async () => {
    const root = await sealed(shell, await pack(odd))
    const { stdout } = await run(seal(place(root), { release: first, record: record, run: '{}', hooked: true }), shell)
    expect(stdout).toMatch(/^tree [0-9a-f]{64}\n$/)
    expect(readFileSync(join(root, '.clonedeploy/manifests', `${first}.seal`), 'utf8')).toBe(
      `${record}\n${stdout.slice(5)}`,
    )
  })
})

describe('the digest of a tree', () => {
  it('is the same under every shell, and another one after any change', async () => {
    const artifact = await pack(odd)
    const told = new Map<string, string>()
    for (const shell of everyShell) {
      const root = await sealed(shell, artifact)
      told.set(
        shell.name,
        (await run(seal(place(root), { release: first, record: '{}', run: '{}', hooked: true }), shell)).stdout,
      )
      const file = join(root, 'releases', first, 'run.sh')
      for (const change of [
        () => chmodSync(file, 0o644),
        () => writeFileSync(file, 'x'),
        () => writeFileSync(`${file}2`, ''),
      ]) {
        change()
        told.set(
          `${shell.name} ${told.size % 4}`,
          (await run(seal(place(root), { release: first, record: '{}', run: '{}', hooked: true }), shell)).stdout,
        )
      }
    }
    expect(new Set(everyShell.map(({ name }) => told.get(name))).size).toBe(1)
    expect(new Set(told.values()).size).toBe(4)
  })
})

const spoilings: readonly (readonly [string, (dir: string) => unknown, readonly string[]])[] = [
  ['a changed file', dir => writeFileSync(join(dir, "it's"), 'other'), ["+f 644 5 SUM it's", "-f 644 5 SUM it's"]],
  ['a changed mode', dir => chmodSync(join(dir, 'run.sh'), 0o700), ['+f 700 10 SUM run.sh', '-f 755 10 SUM run.sh']],
  ['a missing file', dir => unlinkSync(join(dir, '-rf')), ['-f 644 4 SUM -rf']],
  ['a missing file of an odd name', dir => unlinkSync(bytes(dir, '\n')), ['-f 644 14 SUM NEWLINE']],
  ['a changed link', dir => relink(join(dir, 'links/self'), 'other'), ['+l other//links/self', '-l self//links/self']],
  ['a missing folder', dir => rmSync(join(dir, 'empty folder'), { recursive: true }), ['-d empty folder']],
  ['a file that became a link', dir => relink(join(dir, 'empty'), 'empty'), ['+l empty//empty', '-f 644 0 SUM empty']],
  ['a missing file of ours', dir => unlinkSync(join(dir, 'REVISION')), ['-f 644 7 SUM REVISION']],
]

describe.each(shells)('verify under $name', shell => {
  const tell = (stdout: string, newline: string) =>
    stdout
      .replace(/[0-9a-f]{64}/g, 'SUM')
      .replaceAll(newline, 'NEWLINE')
      .split('\n')
      .filter(line => line !== '' && !/^\d+ entries were changed or are missing$/.test(line))
      .sort()
  const verified = (root: string, more: Partial<Verify> = {}) =>
    run(verify(root, first, { whole: false, read: 'all', ...more }), shell)
  const reads = ['all', 'written'] as const

  it('finds nothing in a release that is as it was sealed', async () => {
    const root = await sealed(shell, await pack(odd))
    for (const read of reads) expect(await verified(root, { read })).toEqual({ code: 0, stdout: '', stderr: '' })
  })

  it.each(tried(spoilings, (_, i) => i < 3 || i === 6))('finds %s', async (_, spoil, lines) => {
    const artifact = await pack(odd)
    const root = await sealed(shell, artifact)
    const newline = String.fromCharCode(Number.parseInt(artifact.manifest.lines[0]?.slice(-3) ?? '', 8))
    spoil(join(root, 'releases', first))
    for (const read of reads) {
      const { code, stdout } = await verified(root, { read })
      expect([code, tell(stdout, newline)]).toEqual([81, [...lines].sort()])
    }
  })

  it.each([false, true])('tells what came later, and takes no offence at it (hooks: %s)', async hooked => {
    const root = await sealed(shell, await pack({ app: 'x' }), hooked)
    fill(join(root, 'releases', first), { 'cache/\x1b[31m': 'x', 'cache/empty/': '', 'more of it': '' })
    if (hooked) unlinkSync(join(root, '.clonedeploy/manifests', `${first}.sheet`))
    for (const read of reads) {
      const { code, stdout } = await verified(root, { read })
      expect(code).toBe(0)
      const told = ['extra 4', 'x cache', 'x cache/\x1b[31m', 'x cache/empty', 'x more of it']
      expect(tell(stdout, '\0').filter(line => !line.startsWith('tree '))).toEqual(told)
    }
  })

  it('tells the first hundred of what came later, and their number', async () => {
    const root = await sealed(shell, await pack({ app: 'x' }))
    fill(join(root, 'releases', first), Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`new ${i}`, ''])))
    const { code, stdout } = await verified(root)
    expect([code, stdout.match(/^x new /gm)?.length, stdout.match(/^extra \d+$/m)?.[0]]).toEqual([0, 100, 'extra 150'])
  })

  it('knows what hooks have made', async () => {
    const root = await lockedFolder(shell)
    const artifact = await pack({ app: 'x', 'gone/by hook': '' })
    await succeed(run(unpack(place(root), what(artifact), await artifact.payload(null, first)), shell))
    const dir = join(root, 'releases', first)
    fill(dir, { app: 'xy', 'modules/a.js': 'a', 'modules/bin': '-> a.js' })
    rmSync(join(dir, 'gone'), { recursive: true })
    const record = JSON.stringify({ digest: artifact.digest })
    const told = await succeed(run(seal(place(root), { release: first, record, run: '{}', hooked: true }), shell))
    for (const read of reads) expect(await verified(root, { read })).toMatchObject({ code: 0, stdout: told.stdout })
    writeFileSync(join(dir, 'modules/a.js'), 'b')
    unlinkSync(join(dir, 'modules/bin'))
    for (const read of reads) {
      const { code, stdout } = await verified(root, { read })
      expect([code, tell(stdout, '\0').slice(0, 3)]).toEqual([
        81,
        ['+f 644 1 SUM modules/a.js', '-f 644 1 SUM modules/a.js', '-l a.js//modules/bin'],
      ])
    }
  })

  it.each([false, true])('does not look at what the app may write (hooks: %s)', async hooked => {
    const writable = ['.next/cache', 'storage/**', 'a+b/*.log']
    const tree = { '.next/cache/a': 'a', '.next/b': 'b', 'storage/x/y': 'y', 'a+b/c.log': '', 'a+b/c': '' }
    const artifact = await pack(tree)
    const root = await lockedFolder(shell)
    await succeed(run(unpack(place(root), { ...what(artifact), writable }, await artifact.payload(null, first)), shell))
    const record = JSON.stringify({ digest: artifact.digest })
    await succeed(run(seal(place(root), { release: first, record, run: '{}', hooked, writable }), shell))
    const dir = join(root, 'releases', first)
    writeFileSync(join(dir, '.next/cache/a'), 'changed')
    rmSync(join(dir, 'storage/x'), { recursive: true })
    fill(dir, { 'storage/new/': '', '.next/cache/more/x': '', 'a+b/c.log': 'line', 'a+b/d.log': '' })
    for (const read of reads) {
      const { code, stdout } = await verified(root, { read, writable })
      expect([code, tell(stdout, '\0').filter(line => !line.startsWith('tree '))]).toEqual([0, []])
    }
    rmSync(join(dir, 'storage'), { recursive: true })
    writeFileSync(join(dir, 'a+b/c'), 'changed')
    const { code, stdout } = await verified(root, { writable })
    expect([code, stdout]).toEqual([81, expect.stringMatching(/^2 entries were changed or are missing$/m)])
  })

  it('tells the tree of a release that was never sealed', async () => {
    const root = folder()
    fill(root, { [`releases/${first}/a`]: 'a' })
    expect((await verified(root)).stdout).toBe('')
    expect((await verified(root, { whole: true })).stdout).toMatch(/^tree [0-9a-f]{64}\n$/)
  })

  it('says that a release is not there', async () => {
    const root = folder()
    expect((await verified(root, { whole: true })).code).toBe(76)
    expect(existsSync(join(root, '.clonedeploy'))).toBe(false)
  })

  it('says that it is not known what was sealed', async () => {
    const root = await sealed(shell, await pack(odd), true)
    writeFileSync(join(root, '.clonedeploy/manifests', `${first}.sealed`), '# clonedeploy 1 036\n')
    expect(await verified(root)).toMatchObject({ code: 81, stdout: 'the list of what was sealed is damaged\n' })
    unlinkSync(join(root, '.clonedeploy/manifests', `${first}.sealed`))
    expect((await verified(root)).code).toBe(81)
  })

  it('changes nothing', async () => {
    const root = await sealed(shell, await pack(odd))
    unlinkSync(join(root, 'releases', first, 'run.sh'))
    const before = inodes(root)
    await verified(root)
    expect(inodes(root)).toEqual(before)
  })
})

function relink(path: string, target: string): void {
  unlinkSync(path)
  symlinkSync(target, path)
}

function becomeFolder(dir: string): void {
  unlinkSync(join(dir, 'same'))
  fill(dir, { 'same/x': 'x' })
}

/** The archive with the checksums of its headers made right again. */
function checked(tar: string): string {
  const all = Buffer.from(tar, 'latin1')
  for (let at = 0; at + 512 <= all.length && all[at] !== 0; ) {
    const header = all.subarray(at, at + 512)
    header.fill(' ', 148, 156)
    const sum = header.reduce((a, b) => a + b, 0)
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    const size = Number.parseInt(header.toString('latin1', 124, 136), 8) || 0
    at += 512 + Math.ceil(size / 512) * 512
  }
  return all.toString('latin1')
}
