import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { unpackArchive } from '../../src/artifact/archive/unpack-archive.js'
import { buildArtifact } from '../../src/artifact/build.js'
import { packFolder } from '../../src/artifact/pack.js'
import { tarEnd, tarPadding } from '../../src/artifact/payload/tar.js'
import { workspacesOf } from '../../src/artifact/workspace.js'
import { PreflightError } from '../../src/errors.js'
import { fill, hostile, nothingShared, read, type Tree, temporary } from './folders.js'
import { settings as settingsOf } from './repositories.js'

const settings = (path: string, root = temporary()) => settingsOf(root, { kind: 'artifact', path })

const taken = (path: string, more: object = {}, root?: string) =>
  buildArtifact({
    config: { ...settings(path, root), ...more },
    revision: null,
    cacheDir: temporary(),
    onOutput: () => {},
  })

const digestOf = async (dir: string) =>
  (await packFolder({ dir, include: null, shared: nothingShared, cacheDir: temporary() })).digest

const tar = (dir: string, ...options: readonly string[]) => {
  const file = join(temporary(), 'app.tgz')
  execFileSync('tar', ['-cf', file, '-C', dir, ...options, '.'])
  return file
}

interface Raw {
  readonly name: string
  readonly type?: string
  readonly mode?: string
  readonly target?: string
  readonly content?: string
  /** Of the header, where it is not the content's. */
  readonly size?: number
}

/** A tar by hand: what no tar would write. */
function raw(...entries: readonly Raw[]): string {
  const file = join(temporary(), 'app.tgz')
  writeFileSync(file, Buffer.concat([...entries.flatMap(blocksOf), tarEnd()]))
  return file
}

function blocksOf({ name, type = '0', mode = '0000644', target = '', content = '', size }: Raw): Buffer[] {
  const bytes = Buffer.alloc(512)
  bytes.write(name, 0, 'latin1')
  bytes.write(`${mode}\0`, 100)
  bytes.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124)
  bytes.write('00000000000\0', 136)
  bytes.write(type, 156)
  bytes.write(target, 157, 'latin1')
  bytes.write('ustar\x0000', 257, 'latin1')
  bytes.fill(' ', 148, 156)
  bytes.write(
    `${bytes
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return [bytes, Buffer.from(content, 'latin1'), tarPadding(content.length)]
}

async function refusalOf(work: Promise<unknown>): Promise<PreflightError> {
  const error = await work.then(
    () => null,
    error => error,
  )
  expect(error).toBeInstanceOf(PreflightError)
  return error
}

const tree: Tree = { 'bin/run': '#!/bin/sh\n', 'lib/a': 'a', 'lib/link': '-> a', 'empty/': '', '.env.example': 'x' }

describe('what CI built', () => {
  it.each([
    ['GNU’s format', ['--format=gnu']],
    ['pax', ['--format=pax']],
    ['gzip', ['-z']],
    ['other owners, modes and times', ['--owner=4711', '--group=4711', '--mode=go-rwx', '--mtime=2001-01-01']],
  ])('has the digest of the same folder, as a tar of %s', async (_, options) => {
    const dir = fill(temporary(), tree)
    expect((await taken(tar(dir, ...options))).digest).toBe(await digestOf(dir))
  })

  it('has it with every kind of name', async () => {
    const dir = fill(temporary(), hostile)
    expect((await taken(tar(dir, '--format=gnu'))).digest).toBe(await digestOf(dir))
  })

  it('has it as a folder', async () => {
    const dir = fill(temporary(), tree)
    expect((await taken(dir)).digest).toBe(await digestOf(dir))
  })

  it('has it with hard links, which become files', async () => {
    const dir = fill(temporary(), { 'a/one': 'same', b: 'b' })
    execFileSync('ln', ['a/one', 'two'], { cwd: dir })
    const file = tar(dir)
    expect(execFileSync('tar', ['-tvf', file], { encoding: 'utf8' })).toMatch(/^h/m)
    expect((await taken(file)).digest).toBe(await digestOf(dir))
  })

  it('is read from zstd where this Node can, and is refused by its name where it cannot', async () => {
    const dir = fill(temporary(), tree)
    const zstd = taken(tar(dir, '--zstd'))
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    if (major > 22 || (major === 22 && minor >= 15)) return expect((await zstd).digest).toBe(await digestOf(dir))
    expect((await refusalOf(zstd)).message).toMatch(
      /^the artifact app.tgz is compressed with zstd, which Node [\d.]+ cannot/,
    )
  })

  it('is taken below the root that the config names, and without what .deployignore names', async () => {
    const dir = fill(temporary(), { 'shop-1.0/a': 'a', 'shop-1.0/.deployignore': 'junk\n', 'shop-1.0/junk': 'x' })
    const { digest } = await taken(tar(dir), { releaseRoot: 'shop-1.0' })
    expect(digest).toBe(await digestOf(fill(temporary(), { a: 'a', '.deployignore': 'junk\n' })))
  })

  it('leaves nothing where it was unpacked', async () => {
    const root = temporary()
    await taken(tar(fill(temporary(), tree)), {}, root)
    await refusalOf(taken(raw({ name: 'a', mode: '0004755' }), {}, root))
    expect(readdirSync(workspacesOf(root))).toEqual([])
  })
})

describe('an archive is refused by the name of what is wrong in it:', () => {
  const refused: readonly (readonly [string, readonly Raw[], string])[] = [
    ['an absolute name', [{ name: '/etc/cron.d/x' }], '/etc/cron.d/x has an absolute name'],
    ['a name with ..', [{ name: 'a/../../x' }], 'a/../../x leads out of the archive by ".."'],
    ['a setuid file', [{ name: 'bin/su', mode: '0004755' }], 'bin/su is setuid'],
    ['a setgid file', [{ name: 'bin/wall', mode: '0002755' }], 'bin/wall is setgid'],
    ['a device', [{ name: 'dev/sda', type: '4' }], 'dev/sda is a device'],
    ['a terminal', [{ name: 'dev/tty', type: '3' }], 'dev/tty is a device'],
    ['a fifo', [{ name: 'pipe', type: '6' }], 'pipe is a fifo'],
    ['a kind that nobody knows', [{ name: 'odd', type: 'Z' }], 'odd is of a kind that is not known'],
    [
      'a hard link that leaves',
      [{ name: 'shadow', type: '1', target: '../../etc/shadow' }],
      'shadow is a hard link to ../../etc/shadow, which leaves the archive',
    ],
    [
      'a hard link to an absolute name',
      [{ name: 'shadow', type: '1', target: '/etc/shadow' }],
      'shadow is a hard link to /etc/shadow, which leaves the archive',
    ],
    [
      'a hard link to a link',
      [
        { name: 'l', type: '2', target: 'x' },
        { name: 'h', type: '1', target: 'l' },
      ],
      'h is a hard link to l, which is no file that comes before it',
    ],
    ['a name twice', [{ name: 'a' }, { name: './a' }], './a is in it twice'],
    ['a file where there is a folder', [{ name: 'a/b' }, { name: 'a' }], 'a is in it twice'],
    [
      'a file below a symbolic link',
      [{ name: 'out', type: '2', target: '/tmp' }, { name: 'out/x' }],
      'out/x lies below out, which is a symbolic link',
    ],
  ]

  it.each(refused)('%s', async (_, entries, detail) => {
    const refusal = await refusalOf(taken(raw({ name: 'fine' }, ...entries)))
    expect(refusal).toMatchObject({
      exitCode: 3,
      message: 'the artifact app.tgz holds what no release may hold',
      details: [detail],
    })
  })

  it('all of it at once, ten at most', async () => {
    const many = Array.from({ length: 12 }, (_, i) => ({ name: `/abs/${i}` }))
    const { details } = await refusalOf(taken(raw(...many)))
    expect(details).toHaveLength(11)
    expect(details[10]).toBe('and 2 more')
  })

  it('a link that leaves the tree', async () => {
    const { message, details } = await refusalOf(taken(raw({ name: 'a' }, { name: 'l', type: '2', target: '../../x' })))
    expect(message).toContain('symbolic links that leave the release')
    expect(details).toEqual(['l → ../../x'])
  })

  it('a file with holes, which GNU’s tar stores in a form of its own', async () => {
    const dir = fill(temporary(), { a: 'a' })
    execFileSync('truncate', ['-s', '1M', join(dir, 'holes')])
    for (const format of ['gnu', 'pax']) {
      const { details } = await refusalOf(taken(tar(dir, '--sparse', `--format=${format}`)))
      expect(details[0]).toMatch(/holes/)
    }
  })

  it('nothing of it is written outside', async () => {
    const outside = join(temporary(), 'outside')
    mkdirSync(outside)
    const dir = temporary()
    const file = raw({ name: 'out', type: '2', target: outside }, { name: 'out/x', content: 'x' })
    await refusalOf(unpackArchive(file, dir))
    expect(existsSync(join(outside, 'x'))).toBe(false)
  })

  it('a setuid file in a folder that CI built', async () => {
    const dir = fill(temporary(), { 'bin/su': '#!x', a: 'a' })
    execFileSync('chmod', ['4755', join(dir, 'bin/su')])
    expect(await refusalOf(taken(dir))).toMatchObject({ exitCode: 3, details: ['bin/su is setuid'] })
  })

  it('a fifo in a folder that CI built', async () => {
    const dir = fill(temporary(), { a: 'a' })
    execFileSync('mkfifo', [join(dir, 'pipe')])
    expect(await refusalOf(taken(dir))).toMatchObject({ exitCode: 3, details: ['pipe is a fifo'] })
  })
})

describe('a decompression bomb is refused', () => {
  const bounds = { entries: 100, bytes: 1 << 26, times: 50, small: 1 << 20 }
  const unpacked = (file: string) => refusalOf(unpackArchive(file, temporary(), undefined, bounds))

  it('when it unpacks to many times its size, before that is written', async () => {
    const dir = fill(temporary(), { a: 'a' })
    execFileSync('truncate', ['-s', '32M', join(dir, 'zeros')])
    const refusal = await unpacked(tar(dir, '-z'))
    expect(refusal.message).toBe(
      'the artifact app.tgz unpacks to more than 50 times its own size, like a decompression bomb',
    )
    expect(refusal.details).toEqual(['zeros is where it went beyond that'])
    expect(refusal.exitCode).toBe(3)
  })

  it('when it unpacks to more bytes than any app has, by what its headers say', async () => {
    const { message } = await unpacked(raw({ name: 'a' }, { name: 'huge', size: 2 ** 27 }))
    expect(message).toContain(`more than ${1 << 26} bytes`)
  })

  it('when hard links name a large file again and again', async () => {
    const content = 'x'.repeat(3 << 20)
    const links = Array.from({ length: 40 }, (_, i) => ({ name: `l${i}`, type: '1', target: 'a' }))
    expect((await unpacked(raw({ name: 'a', content }, ...links))).message).toContain(`more than ${1 << 26} bytes`)
  })

  it('when it has more entries than any app has', async () => {
    const many = Array.from({ length: 101 }, (_, i) => ({ name: `f${i}` }))
    expect((await unpacked(raw(...many))).message).toContain('more than 100 entries')
  })

  it('and what is small is no bomb, however well it was compressed', async () => {
    const dir = fill(temporary(), { zeros: '\0'.repeat(1 << 19) })
    const out = temporary()
    await unpackArchive(tar(dir, '-z'), out, undefined, bounds)
    expect(read(out)).toEqual(read(dir))
  })
})

describe('what is no archive, or not all of one,', () => {
  const file = (bytes: Uint8Array) => {
    const path = join(temporary(), 'app.tgz')
    writeFileSync(path, bytes)
    return path
  }
  const whole = () => readFileSync(tar(fill(temporary(), { a: 'x'.repeat(20_000) }), '-z'))

  it('is told by what it is', async () => {
    for (const [bytes, is] of [
      [Buffer.from('PK\x03\x04zip'), 'is a zip'],
      [Buffer.from('fd377a585a000004', 'hex'), 'is compressed with xz'],
      [Buffer.from('BZh91AY&SY'), 'is compressed with bzip2'],
      [Buffer.from('hello'), 'is no tar'],
      [Buffer.alloc(0), 'is no tar'],
    ] as const)
      expect((await refusalOf(taken(file(bytes)))).message).toBe(`the artifact app.tgz ${is}`)
  })

  it('is refused when it was cut off: compressed, in a file, and between two files', async () => {
    expect((await refusalOf(taken(file(whole().subarray(0, 90))))).message).toContain('could not be unpacked')
    const plain = gunzipSync(whole())
    for (const length of [2_000, 1_024 + 20_480])
      expect((await refusalOf(taken(file(plain.subarray(0, length))))).message).toMatch(
        /could not be unpacked|is cut off/,
      )
    const first = Buffer.concat(blocksOf({ name: 'a', content: 'x'.repeat(512) }))
    expect((await refusalOf(taken(file(first)))).message).toContain('is cut off')
  })

  it('is refused when it is no tar that was compressed', async () => {
    expect((await refusalOf(taken(file(gzipSync('hello'.repeat(1_000)))))).message).toContain('could not be unpacked')
  })

  it('is refused when it is not there', async () => {
    const { message, exitCode } = await refusalOf(taken('/nowhere/app.tgz'))
    expect([message, exitCode]).toEqual(['there is no artifact /nowhere/app.tgz to deploy', 3])
  })

  it('stops when the signal says so', async () => {
    const stop = new AbortController()
    const work = unpackArchive(file(whole()), temporary(), stop.signal)
    stop.abort(new Error('Ctrl-C'))
    await expect(work).rejects.toThrow('Ctrl-C')
  })
})
