import { execFileSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { entriesOf, textOf } from '../../src/artifact/manifest/manifest.js'
import { packFolder } from '../../src/artifact/pack.js'
import { zipFor } from '../../src/artifact/payload/zip.js'
import { installed } from '../support/installed.js'
import { extract, tars } from './archives.js'
import { bytes, fill, hostile, nothingShared, packsOf, read, type Tree, temporary } from './folders.js'

const release = '20260102-030405-c0ffee1'

const pack = (dir: string, more: { include?: string[]; shared?: { dirs: string[]; files: string[] } } = {}) =>
  packFolder({ dir, include: null, shared: nothingShared, cacheDir: temporary(), ...more })

const packed = async (tree: Tree, more: Parameters<typeof pack>[1] = {}) => {
  const artifact = await pack(fill(temporary(), tree), more)
  return { paths: entriesOf(artifact.manifest).map(({ path }) => path), warnings: artifact.warnings }
}

describe('an artifact', () => {
  it.each(tars)('arrives byte for byte through %s, whatever the names', async tar => {
    const dir = fill(temporary(), hostile)
    const artifact = await pack(dir)
    const { data, files } = await artifact.payload(null, release)
    const out = extract(tar, data)
    expect(read(join(out, 'tree'))).toEqual(read(dir))
    expect(readFileSync(join(out, 'added'))).toEqual(textOf(artifact.manifest))
    expect(readFileSync(join(out, 'removed'), 'utf8')).toBe('')
    expect(files).toBe(
      Object.entries(hostile).filter(([name, it]) => !name.endsWith('/') && !it.startsWith('-> ')).length,
    )
  })

  it('has the same digest and payload whoever made the files, when, in which order and with which umask', async () => {
    const tree: Tree = { ...hostile, 'z/1': 'one', 'z/2': 'two', 'a/1': 'one' }
    const dir = fill(temporary(), tree)
    const other = fill(temporary(), Object.fromEntries(Object.entries(tree).reverse()))
    execFileSync(
      'sh',
      ['-c', 'find . -type f -exec chmod go-rwx {} + && find . ! -type l -exec touch -d 2001-01-01 {} +'],
      { cwd: other },
    )
    execFileSync('sh', ['-c', 'find . -type d -exec chmod 700 {} + && chown -Rh 12345:12345 .'], { cwd: other })
    const [one, two] = [await pack(dir), await pack(other)]
    expect(two.digest).toBe(one.digest)
    expect((await two.payload(null, release)).data).toEqual((await one.payload(null, release)).data)
  })

  it.each([
    [0o644, '644'],
    [0o600, '644'],
    [0o666, '644'],
    [0o655, '644'],
    [0o755, '755'],
    [0o700, '755'],
    [0o4711, '755'],
    [0o777, '755'],
  ])('takes mode %o for %s', async (mode, expected) => {
    const dir = fill(temporary(), { a: 'x' })
    execFileSync('chmod', [mode.toString(8), join(dir, 'a')])
    expect(entriesOf((await pack(dir)).manifest)).toMatchObject([{ path: 'a', mode: expected }])
  })

  it('keeps hard links and equal files, each as a file', async () => {
    const dir = fill(temporary(), { a: 'same', b: 'same', c: 'other', d: 'same' })
    execFileSync('ln', ['c', 'e'], { cwd: dir })
    const { data } = await (await pack(dir)).payload(null, release)
    const tree = { a: '644 same', b: '644 same', c: '644 other', d: '644 same', e: '644 other' }
    expect(read(join(extract('GNU tar', data), 'tree'))).toEqual(tree)
  })

  it('names its files where these are few, small and plain', async () => {
    const namesOf = async (tree: Tree) => (await (await pack(fill(temporary(), tree))).payload(null, release)).names
    expect(await namesOf({ 'b c/-': 'x', a: '' })).toEqual(['./a', './b c/-'])
    expect(await namesOf({ a: '', 'back\\slash': '' })).toBeNull()
    expect(await namesOf({ large: 'x'.repeat(4_000_001) })).toBeNull()
    expect(await namesOf(Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`f${i}`, ''])))).toBeNull()
  })

  it('is frozen: what happens to the folder afterwards does not matter', async () => {
    const dir = fill(temporary(), { a: 'before', b: 'b' })
    const artifact = await pack(dir)
    fill(dir, { a: 'after', c: 'c' })
    const { data } = await artifact.payload(null, release)
    expect(read(join(extract('GNU tar', data), 'tree'))).toEqual({ a: '644 before', b: '644 b' })
  })

  it('is refused when a file changes while it is being packed', async () => {
    const dir = temporary()
    for (let i = 0; i < 40; i++) writeFileSync(join(dir, `f${10 + i}`), Buffer.alloc(2_000_000, i))
    const packing = pack(dir)
    const writing = setInterval(() => appendFileSync(join(dir, 'f49'), 'more'), 1)
    await expect(packing).rejects.toThrow('f49 changed while it was being packed')
    clearInterval(writing)
  })

  it('stops when the signal says so', async () => {
    const dir = fill(temporary(), { a: 'x' })
    for (let i = 0; i < 60; i++) writeFileSync(join(dir, `f${i}`), Buffer.alloc(2_000_000, i))
    const stop = new AbortController()
    const packing = packFolder({
      dir,
      include: null,
      shared: nothingShared,
      cacheDir: temporary(),
      signal: stop.signal,
    })
    setImmediate(() => stop.abort(new Error('Ctrl-C')))
    await expect(packing).rejects.toThrow('Ctrl-C')
  })
})

describe('what is deployed of a folder', () => {
  it('is everything, also dot files and what .gitignore names', async () => {
    const tree = { '.gitignore': 'node_modules', '.next/a': 'x', 'node_modules/b': 'x', 'src/c': 'x' }
    const { paths } = await packed(tree)
    expect(paths).toEqual(['.gitignore', '.next', '.next/a', 'node_modules', 'node_modules/b', 'src', 'src/c'])
  })

  it('is never a repository, our own records or an env file of this machine', async () => {
    const { paths, warnings } = await packed({
      '.git/config': 'x',
      '.clonedeploy/cache/x': 'x',
      'lib/.git': 'gitdir: ..',
      '.env': 'x',
      '.env.local': 'x',
      'lib/.ENVRC': 'x',
      'lib/.env/x': 'x',
    })
    expect(paths).toEqual(['lib'])
    expect(warnings).toEqual([
      'left out, because git does not track them ("include" can name them; "shared" and "secrets" give the hosts their own): .env, .env.local, lib/.ENVRC, lib/.env',
    ])
  })

  it.each([
    'cacert.pem',
    'key.p12',
    '.envoy.yaml',
    '.environment',
    'x.env',
    '.env.example',
    '.env.production.sample',
    '.env.dist',
  ])('is not less for a name like %s', async name => {
    expect(await packed({ [name]: 'x' })).toEqual({ paths: [name], warnings: [] })
  })

  it.each([
    ['an include', { include: ['conf/.env.production', 'a'] }, ''],
    ['a pattern of include', { include: ['**/.env.*', 'a'] }, ''],
    ['a line of .deployignore', {}, '!.env.production\n'],
  ])('has an env file that is named by %s, and no other', async (_, more, deployignore) => {
    const tree = { '.deployignore': deployignore, 'conf/.env.production': 'x', 'conf/.env': 'x', a: 'x' }
    const { paths } = await packed(tree, more)
    expect(paths.filter(path => path !== '.deployignore')).toEqual(['a', 'conf', 'conf/.env.production'])
  })

  it('has no env file because include names its folder', async () => {
    expect((await packed({ 'conf/.env': 'x', 'conf/a': 'x' }, { include: ['conf'] })).paths).toEqual(['conf', 'conf/a'])
  })

  it('has the private keys that lie in it, with a warning that names the line that leaves each out', async () => {
    const cacheDir = temporary()
    const dir = fill(temporary(), { 'conf/id [1]': pem('OPENSSH PRIVATE KEY'), 'ca.pem': pem('CERTIFICATE'), a: 'x' })
    const first = await packFolder({ dir, include: null, shared: nothingShared, cacheDir, stays: true })
    const warning =
      'conf/id [1] holds a private key, which every host gets; to leave it out, add to .deployignore: /conf/id \\[1\\]'
    expect(first.warnings).toEqual([warning])
    fill(dir, { a: 'y' })
    const again = () => packFolder({ dir, include: null, shared: nothingShared, cacheDir, stays: true })
    expect((await again()).warnings).toEqual([warning])
    expect((await again()).warnings).toEqual([warning])
    fill(dir, { '.deployignore': '/conf/id \\[1\\]\n' })
    const without = await again()
    expect(without.warnings).toEqual([])
    expect(without.manifest.lines.filter(line => line.includes('id'))).toEqual([])
  })

  it('leaves its own cache out when that lies in the folder', async () => {
    const dir = fill(temporary(), { a: 'x' })
    const artifact = await packFolder({ dir, include: null, shared: nothingShared, cacheDir: join(dir, 'cache') })
    expect(artifact.manifest.lines.map(line => line.slice(-2))).toEqual(['36', ' a'])
  })

  it('is less what .deployignore names, in the syntax of .gitignore', async () => {
    const { paths } = await packed({
      '.deployignore': '# comment\n*.map\n/docs\nlogs/\n!keep.map\nnew*line\n',
      'a.map': 'x',
      'lib/b.map': 'x',
      'lib/keep.map': 'x',
      'docs/x': 'x',
      'lib/docs/x': 'x',
      'logs/x': 'x',
      'lib/logs': 'a file',
      'new\nline': 'x',
      'A.MAP': 'x',
    })
    expect(paths).toEqual(['.deployignore', 'A.MAP', 'lib', 'lib/docs', 'lib/docs/x', 'lib/keep.map', 'lib/logs'])
  })

  const app: Tree = {
    'dist/app.js': 'x',
    'dist/app.js.map': 'x',
    'dist/deep/b.js': 'x',
    'lib/dist/c.js': 'x',
    'pages/[id].js': 'x',
    'pages/i.js': 'x',
    'package.json': 'x',
    'node_modules/m/index.js': 'x',
    '.gitignore': 'node_modules\ndist',
    'empty/': '',
    '.deployignore': 'ignored',
    'été/f': 'x',
  }
  it.each([
    [['dist'], ['dist', 'dist/app.js', 'dist/app.js.map', 'dist/deep', 'dist/deep/b.js']],
    [['./dist/deep/'], ['dist', 'dist/deep', 'dist/deep/b.js']],
    [['node_modules'], ['node_modules', 'node_modules/m', 'node_modules/m/index.js']],
    [['*.json'], ['package.json']],
    [['dist/*.js'], ['dist', 'dist/app.js']],
    [['dist/**/*.js'], ['dist', 'dist/app.js', 'dist/deep', 'dist/deep/b.js']],
    [['**/c.js'], ['lib', 'lib/dist', 'lib/dist/c.js']],
    [['lib/*/c.js'], ['lib', 'lib/dist', 'lib/dist/c.js']],
    [
      ['dist', '!**/*.map', '!dist/deep'],
      ['dist', 'dist/app.js'],
    ],
    [['pages/[id].js'], ['pages', 'pages/[id].js']],
    [['pages/[a-j].js'], ['pages', 'pages/i.js']],
    [['empty'], ['empty']],
    [
      ['dist/app.js', 'dist'],
      ['dist', 'dist/app.js', 'dist/app.js.map', 'dist/deep', 'dist/deep/b.js'],
    ],
    [
      ['dist', 'dist/app.js'],
      ['dist', 'dist/app.js', 'dist/app.js.map', 'dist/deep', 'dist/deep/b.js'],
    ],
  ])('is what include names: %j', async (include, expected) => {
    expect((await packed(app, { include })).paths).toEqual(expected)
  })

  it('is everything for include "."', async () => {
    const everything = (await packed(app)).paths
    expect((await packed(app, { include: ['.'] })).paths).toEqual(everything)
  })

  it('can be included by a name that is not ASCII', async () => {
    const { paths } = await packed({ '\xc3\xa9t\xc3\xa9/f': 'x', other: 'x' }, { include: ['été'] })
    expect(paths).toEqual(['\xc3\xa9t\xc3\xa9', '\xc3\xa9t\xc3\xa9/f'])
  })

  it.each([
    ['dits', {}, 'dits: no such path; did you mean "dist"?'],
    ['dist/ap.js', {}, 'dist/ap.js: no such path; did you mean "dist/app.js"?'],
    ['*.css', {}, '*.css: no such path'],
    ['{dist,lib}', {}, '{dist,lib}: no such path; {a,b} is not a pattern here, write two lines'],
    ['../dist', {}, '../dist: only what is below the folder can be included'],
    ['.git', { '.git/config': 'x' }, '.git: never deployed'],
    ['ignored', { ignored: 'x' }, 'ignored: left out by .deployignore'],
    [
      'link/app.js',
      { link: '-> dist' },
      'link/app.js: link is a symbolic link, which is not followed; include what it points at',
    ],
  ])('must be there when include names it: %s', async (missing, more, detail) => {
    const packing = packed({ ...app, ...more }, { include: ['package.json', missing] })
    await expect(packing).rejects.toMatchObject({
      message: `"include" names what is not there: ${missing}`,
      details: [detail, expect.stringMatching(/^looked in \//)],
      exitCode: 3,
    })
  })

  it('is never what a link points at', async () => {
    const { paths } = await packed({ 'real/a': 'x', link: '-> real' }, { include: ['link', 'real'] })
    expect(paths).toEqual(['link', 'real', 'real/a'])
  })

  it.each([
    ['/etc/passwd'],
    ['/'],
    ['../outside'],
    ['..'],
    ['../../../../etc'],
    ['folder/../../../../outside'],
    ['up/../x'],
    ['chain1'],
  ])('is no link that leaves it: %s', async target => {
    const tree = {
      'a/b/x': 'x',
      'a/b/link': `-> ${target.includes('/') && !target.startsWith('.') ? target : `../../${target}`}`,
    }
    const links = { 'a/b/up': '-> ../..', chain1: '-> chain2', chain2: '-> a/../..' }
    const packing = packed({ ...tree, ...(target.startsWith('up') || target === 'chain1' ? links : {}) })
    await expect(packing).rejects.toThrow('symbolic links that leave the release would point nowhere on the hosts')
  })

  it('warns of links to nothing, but for those into shared paths', async () => {
    const tree = { a: '-> gone', b: '-> uploads/x', c: '-> c', d: '-> e', e: 'x' }
    const { warnings } = await packed(tree, { shared: { dirs: ['uploads'], files: [] } })
    expect(warnings).toEqual(['symbolic links to nothing in the release: a → gone, c → c'])
  })

  it('warns of no link to a folder of which only a part is packed', async () => {
    const tree = { 'packages/ui/dist/x': 'x', 'packages/ui/src/x': 'x', 'node_modules/ui': '-> ../packages/ui' }
    const { warnings } = await packed(tree, { include: ['node_modules', 'packages/ui/dist'] })
    expect(warnings).toEqual([])
  })

  it('warns of scripts that are run by what lies in the folder that is packed', async () => {
    const dir = temporary()
    const long = `#!/bin/sh\n'''exec' ${dir}/.venv/bin/python3 "$0" "$@"\n' '''\n`
    const other = { good: '#!/usr/bin/env python3\n', 'a.txt': `see ${dir}/.venv` }
    fill(dir, { '.venv/bin/pip': `#!${dir}/.venv/bin/python3\n`, '.venv/bin/long': long, ...other })
    const { warnings } = await packFolder({
      dir,
      include: null,
      shared: { dirs: [], files: [] },
      cacheDir: temporary(),
    })
    expect(warnings).toEqual([
      'scripts that name the folder they were made in run on no host; make them there, in "prepare": .venv/bin/long, .venv/bin/pip',
    ])
  })

  it('is no virtual environment of Python, which is made on the hosts', async () => {
    const packing = packed({ '.venv/pyvenv.cfg': 'x', '.venv/bin/python3': '-> /usr/bin/python3' })
    await expect(packing).rejects.toMatchObject({
      next: [expect.stringMatching(/^\.venv is a virtual environment .* "prepare"/), expect.anything()],
    })
  })

  it('leaves out shared paths and says so', async () => {
    const tree = { 'public/uploads/a': 'x', 'public/x': 'x', '.env': 'x', 'config/key': 'x' }
    const shared = { dirs: ['public/uploads/'], files: ['.env', 'config/key', 'not/there'] }
    expect(await packed(tree, { shared })).toEqual({
      paths: ['config', 'public', 'public/x'],
      warnings: ['left out, because the hosts use their own in shared/: .env, config/key, public/uploads'],
    })
  })

  it.each([
    ['nothing but empty placeholders', { 'uploads/.gitkeep': '', 'uploads/deep/.keep': '' }, []],
    ['a file beside its placeholder', { 'uploads/.gitkeep': '', 'uploads/deep/a': 'x' }, ['uploads']],
    ['a placeholder that is not empty', { 'uploads/.gitkeep': 'x' }, ['uploads']],
  ])('names a shared folder in a warning unless it holds no more than placeholders: %s', async (_, tree, named) => {
    const { warnings } = await packed({ ...tree, b: 'x' }, { shared: { dirs: ['uploads'], files: [] } })
    expect(warnings).toEqual(named.map(path => `left out, because the hosts use their own in shared/: ${path}`))
  })

  it('leaves out shared folders also when include names something in them', async () => {
    const tree = { 'uploads/a': 'x', b: 'x' }
    const packing = packed(tree, { include: ['uploads/a', 'b'], shared: { dirs: ['uploads'], files: [] } })
    await expect(packing).rejects.toMatchObject({
      details: ['uploads/a: it is a shared path: it lives on the hosts', expect.anything()],
    })
  })

  it('refuses a file where the folder of a shared path must be', async () => {
    const packing = packed({ config: 'a file', b: 'x' }, { shared: { dirs: [], files: ['config/key'] } })
    await expect(packing).rejects.toMatchObject({
      message: 'the shared path config/key cannot be linked into the release',
      details: ['config is a file there, not a folder'],
    })
  })

  it('leaves REVISION to the hosts', async () => {
    const { paths, warnings } = await packed({ REVISION: 'x', 'lib/REVISION': 'x' })
    expect(paths).toEqual(['lib', 'lib/REVISION'])
    expect(warnings).toEqual([
      'left out, because each release gets its own, with the commit it was built from: REVISION',
    ])
  })

  it('is no socket, fifo or device', async () => {
    const dir = fill(temporary(), { a: 'x' })
    execFileSync('mkfifo', [join(dir, 'pipe')])
    execFileSync('mknod', [join(dir, 'null'), 'c', '1', '3'])
    await expect(pack(dir)).rejects.toMatchObject({
      message: 'sockets, fifos and devices cannot be deployed',
      details: ['null is a device', 'pipe is a fifo'],
    })
    writeFileSync(join(dir, '.deployignore'), 'pipe\nnull\n')
    expect((await pack(dir)).manifest.lines).toHaveLength(3)
  })

  it.each([
    ['a folder that is not there', '/does/not/exist', null, 'there is no folder /does/not/exist to deploy'],
    ['an empty include', '/tmp', [], '"include" is an empty list: nothing would be deployed'],
  ])('is refused: %s', async (_, dir, include, message) => {
    const packing = packFolder({ dir, include, shared: nothingShared, cacheDir: temporary() })
    await expect(packing).rejects.toMatchObject({ message, exitCode: 3 })
  })

  it('is refused when nothing is left of it', async () => {
    await expect(packed({ '.env': 'x' })).rejects.toMatchObject({
      message: expect.stringMatching(/^there is nothing to deploy in \//),
      details: ['left out: .env'],
    })
  })
})

describe('a payload', () => {
  it.each(tars)('holds only what the base lacks, through %s', async tar => {
    const cacheDir = temporary()
    const dir = fill(temporary(), { 'a/b/c': 'old', 'a/same': 'x', 'gone/x': 'x', run: '#!x', l: '-> run' })
    const of = () => packFolder({ dir, include: null, shared: nothingShared, cacheDir })
    const base = await of()
    execFileSync('sh', ['-c', 'rm -r gone l; echo new >a/b/c; ln -s a l; mkdir -p new/empty; chmod -x run'], {
      cwd: dir,
    })
    const next = await of()
    const { data, files } = await next.payload(base.manifest, release)
    const out = extract(tar, data)
    expect(files).toBe(2)
    expect(read(join(out, 'tree'))).toEqual({
      'a/': 'folder 755',
      'a/b/': 'folder 755',
      'a/b/c': '644 new\n',
      l: '-> a',
      'new/': 'folder 755',
      'new/empty/': 'folder 755',
      run: '644 #!x',
    })
    const listed = execFileSync('tar', ['-tzf', '-'], { input: data }).toString().trim().split('\n')
    expect(listed).toEqual([
      'removed',
      'added',
      'again',
      'files',
      'links',
      'folders',
      'edits',
      'edit/',
      'own/',
      'tree/',
      'tree/a/',
      'tree/a/b/',
      'tree/a/b/c',
      'tree/l',
      'tree/new/',
      'tree/new/empty/',
      'tree/run',
    ])
    const shown = (name: string) => readFileSync(join(out, name), 'utf8').replace(/[0-9a-f]{64}/g, 'SHA')
    expect(shown('removed')).toBe('d gone\nf 644 1 SHA gone/x\nf 644 3 SHA a/b/c\nf 755 3 SHA run\nl run//l\n')
    expect(shown('added')).toBe('d new\nd new/empty\nf 644 3 SHA run\nf 644 4 SHA a/b/c\nl a//l\n')
    expect(shown('again')).toBe('')
    expect(shown('files')).toBe('./run\0./a/b/c\0')
    expect(shown('links')).toBe('./l\0')
    expect(shown('folders')).toBe('./new\0./new/empty\0')
  })

  it.each([
    ['at its beginning', (text: string) => `// new\n${text.slice(5)}`, 1],
    ['in its middle', (text: string) => `${text.slice(0, 40_000)}new words${text.slice(40_100)}`, 1],
    ['at its end', (text: string) => `${text.slice(0, -7)}and then the end`, 1],
    ['by a repetition', (text: string) => `${text}${text.slice(-3000)}`, 1],
    ['by what is taken away', (text: string) => text.slice(3), 1],
    ['everywhere', (text: string) => text.replaceAll('7', 'seven'), 0],
  ])('holds little of a file that was changed %s', async (_, change, edits) => {
    const cacheDir = temporary()
    const text = Array.from({ length: 9000 }, (_, i) => `line ${(i * 48_271) % 65_537}\n`).join('')
    const dir = fill(temporary(), { big: text, "it is\n'small'": 'a' })
    const of = () => packFolder({ dir, include: null, shared: nothingShared, cacheDir })
    const base = await of()
    fill(dir, { big: change(text), "it is\n'small'": 'b' })
    const next = await of()
    const { data, files } = await next.payload(base.manifest, release)
    expect(files).toBe(2)
    const out = extract('GNU tar', data)
    expect(readdirSync(join(out, 'edit'))).toHaveLength(edits)
    expect(existsSync(join(out, 'tree/big'))).toBe(edits === 0)
    if (edits > 0) expect(data.length).toBeLessThan((await next.payload(null, release)).data.length / 10)
    for (const name of readdirSync(join(cacheDir, 'artifacts')).filter(name => name.startsWith(base.digest.slice(7))))
      rmSync(join(cacheDir, 'artifacts', name))
    expect(read(join(extract('GNU tar', (await (await of()).payload(base.manifest, release)).data), 'tree')).big).toBe(
      `644 ${change(text)}`,
    )
  })

  it('turns the base into the next manifest with sort and comm alone', async () => {
    const dir = fill(temporary(), hostile)
    const base = await pack(dir)
    fill(dir, { 'byte\x01001': 'x', 'new\nline': 'changed', z: 'z' })
    const next = await pack(dir)
    const out = extract('GNU tar', (await next.payload(base.manifest, release)).data)
    writeFileSync(join(out, 'base'), textOf(base.manifest))
    const script = 'comm -23 base removed | sort - added'
    expect(execFileSync('sh', ['-c', script], { cwd: out, env: { ...process.env, LC_ALL: 'C' } })).toEqual(
      textOf(next.manifest),
    )
  })

  it('is made once per base, also for hosts that ask at the same time', async () => {
    const artifact = await pack(fill(temporary(), { a: 'x' }))
    const other = await pack(fill(temporary(), { b: 'x' }))
    const [one, two] = await Promise.all([artifact.payload(null, release), artifact.payload(null, release)])
    expect(two.data).toBe(one.data)
    expect((await artifact.payload(other.manifest, release)).data).toBe(
      (await artifact.payload(other.manifest, release)).data,
    )
    expect((await artifact.payload(other.manifest, release)).data).not.toBe(one.data)
  })

  it('is one archive also when it takes many gzip members', async () => {
    const dir = large()
    const { data, zip } = await (await pack(dir)).payload(null, release)
    expect(zip).toBe('gzip')
    expect(gunzipSync(data).length).toBeGreaterThan(13_000_000)
    for (const tar of tars) expect(read(join(extract(tar, data), 'tree'))).toEqual(read(dir))
  })

  if (zipFor([]) === 'zstd')
    it('is the same archive by zstd where it is large; a small one is gzipped', async () => {
      const artifact = await pack(large())
      const { data, zip } = await artifact.payload(null, release, 'zstd')
      expect(zip).toBe('zstd')
      const unpacked = execFileSync(installed('zstd'), ['-dc'], { input: data, maxBuffer: 1 << 30 })
      expect(unpacked.equals(gunzipSync((await artifact.payload(null, release, 'gzip')).data))).toBe(true)
      const small = await pack(fill(temporary(), { a: 'x' }))
      expect((await small.payload(null, release, 'zstd')).zip).toBe('gzip')
    })

  it('is gzipped for hosts of which one has no zstd', () => {
    expect(zipFor([{ tools: ['gzip', 'zstd'] }, { tools: ['gzip'] }])).toBe('gzip')
  })

  it('is refused when the frozen bytes are damaged, which are then gone from the cache', async () => {
    const cacheDir = temporary()
    const dir = fill(temporary(), { a: 'some content', b: 'x', old: '1' })
    const of = () => packFolder({ dir, include: null, shared: nothingShared, cacheDir })
    const artifact = await of()
    const [content = ''] = packsOf(cacheDir, artifact.digest)
    const frozen = readFileSync(content)
    frozen[3] = 0
    writeFileSync(content, frozen)
    await expect(artifact.payload(null, release)).rejects.toMatchObject({
      message: 'the artifact in the local cache is damaged; it was removed from there',
      details: ['a is no longer the file that was packed'],
    })
    const again = await of()
    expect(again.digest).toBe(artifact.digest)
    expect((await again.payload(null, release)).files).toBe(3)
    expect((await artifact.payload(null, release)).files).toBe(3)
  })
})

it('does not look at times: a touched file is no change', async () => {
  const dir = fill(temporary(), { a: 'x' })
  const before = await pack(dir)
  utimesSync(bytes(dir, 'a'), 1, 1)
  expect((await pack(dir)).digest).toBe(before.digest)
})

const pem = (what: string) => `-----BEGIN ${what}-----\n${'MIIEpAIBAAKCAQEA'.repeat(4)}\n-----END ${what}-----\n`

/** A folder with more than one block of a payload. */
function large(): string {
  const text = (i: number) => `${i} content `.repeat(150_000)
  return fill(temporary(), Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`d/${i}`, text(i)])))
}
