import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type Entry, ManifestError } from '../../src/artifact/manifest/entry.js'
import {
  difference,
  digestOf,
  entriesOf,
  manifestOf,
  NoSpareByteError,
  parseManifest,
  textOf,
} from '../../src/artifact/manifest/manifest.js'
import { writtenFor } from '../../src/artifact/payload/payload.js'

const sha = createHash('sha256').update('hi').digest('hex')
const file = (path: string, size = 2): Entry => ({ kind: 'file', path, mode: '644', size, sha256: sha })
const link = (path: string, target: string): Entry => ({ kind: 'link', path, target })
const text = (...lines: string[]) => Buffer.from(lines.map(line => `${line}\n`).join(''), 'latin1')

describe('a manifest', () => {
  it('lists folders, files and links as lines sorted by byte', () => {
    const manifest = manifestOf([
      link('bin/app', '../dist/app.js'),
      file('dist/app.js'),
      { kind: 'file', path: 'dist/A', mode: '755', size: 10, sha256: sha },
      file('\xff'),
    ])
    expect(textOf(manifest).toString('latin1')).toBe(
      [
        '# clonedeploy 1 036',
        'd bin',
        'd dist',
        `f 644 2 ${sha} dist/app.js`,
        `f 644 2 ${sha} \xff`,
        `f 755 10 ${sha} dist/A`,
        'l ../dist/app.js//bin/app',
        '',
      ].join('\n'),
    )
    expect(digestOf(manifest)).toBe(`sha256:${createHash('sha256').update(textOf(manifest)).digest('hex')}`)
  })

  it('does not depend on the order of the entries', () => {
    const entries = ['b', 'a/b', 'a-b', 'a', 'B'].map(name => file(`${name}/x`))
    expect(digestOf(manifestOf([...entries].reverse()))).toBe(digestOf(manifestOf(entries)))
  })

  it('has a line for every folder above an entry, and each once', () => {
    const manifest = manifestOf([file('a/b/c/d'), file('a/b/x'), { kind: 'folder', path: 'a' }])
    expect(manifest.lines.filter(line => line.startsWith('d '))).toEqual(['d a', 'd a/b', 'd a/b/c'])
  })

  it.each([
    ['no control byte in any name', ['a'], '# clonedeploy 1 036'],
    ['036 in a name', ['a\x1e'], '# clonedeploy 1 001'],
    ['036 and 001', ['a\x1e', 'b\x01'], '# clonedeploy 1 002'],
    ['all up to tab and newline', ['\x1e\x01\x02\x03\x04\x05\x06\x07\x08\t'], '# clonedeploy 1 013'],
  ])('writes newlines with a byte that is in no name: %s', (_, names, header) => {
    expect(manifestOf(names.map(name => file(name))).lines[0]).toBe(header)
  })

  it('looks at link targets too when it chooses that byte', () => {
    const manifest = manifestOf([link('a\nb', 'c\x1e\nd')])
    expect(manifest.lines).toEqual(['# clonedeploy 1 001', 'l c\x1e\x01d//a\x01b'])
  })

  it('cannot be written when names use every control byte', () => {
    const all = Array.from({ length: 31 }, (_, i) => String.fromCharCode(i + 1)).join('')
    expect(() => manifestOf([file(all)])).toThrow(NoSpareByteError)
  })

  it.each([
    ['a newline', file('a\nb')],
    ['a trailing newline', file('a\n')],
    ['a carriage return', file('a\rb')],
    ['bytes that are no UTF-8', file('\xff\x80')],
    ['spaces', file(' a  b ')],
    ['something like a line', file('f 644 2')],
    ['a link to a folder', link('a', 'b/')],
    ['a link with double slashes', link('a', '..//b//')],
    ['a link with a newline', link('a\n', '\n')],
    ['an empty file', file('a', 0)],
    ['a large file', file('a', 9_007_199_254_740_991)],
  ])('gives back its entries: %s', (_, entry) => {
    const manifest = manifestOf([entry])
    expect(entriesOf(manifest)).toEqual([entry])
    expect(parseManifest(textOf(manifest))).toEqual(manifest)
  })
})

describe('reading a manifest', () => {
  const head = '# clonedeploy 1 036'
  it.each([
    ['nothing at all', Buffer.alloc(0), 'line 1 is not the header'],
    ['another format', text('# clonedeploy 2 036'), 'line 1 is not the header'],
    ['a tab for a newline', text('# clonedeploy 1 011'), 'line 1 is not the header'],
    ['a printable byte for a newline', text('# clonedeploy 1 141'), 'line 1 is not the header'],
    ['a cut line', Buffer.from(`${head}\nd a`), 'line 2 is missing or has no end'],
    ['lines out of order', text(head, 'd b', 'd a'), 'line 3 is out of order'],
    ['a line twice', text(head, 'd a', 'd a'), 'line 3 is out of order or repeated'],
    ['a path twice', text(head, 'd a', `f 644 2 ${sha} a`), 'names one path twice'],
    ['a file in no folder', text(head, `f 644 2 ${sha} a/b`), 'lies in no folder'],
    ['a file in a link', text(head, `f 644 2 ${sha} a/b`, 'l /etc//a'), 'lies in no folder'],
    ['an absolute path', text(head, `f 644 2 ${sha} /a`), 'line 2 is not a line'],
    ['a path upwards', text(head, `f 644 2 ${sha} ../a`), 'line 2 is not a line'],
    ['a dot', text(head, 'd .'), 'line 2 is not a line'],
    ['an empty path', text(head, 'd '), 'line 2 is not a line'],
    ['an empty name', text(head, 'd a', 'd a//b'), 'line 3 is not a line'],
    ['a trailing slash', text(head, 'd a/'), 'line 2 is not a line'],
    ['a NUL', text(head, 'd a\0'), 'line 2 is not a line'],
    ['a NUL in a target', text(head, 'l b\0//a'), 'line 2 is not a line'],
    ['a link to nothing', text(head, 'l //a'), 'line 2 is not a line'],
    ['a setuid mode', text(head, `f 4755 2 ${sha} a`), 'line 2 is not a line'],
    ['a size with zeros', text(head, `f 644 02 ${sha} a`), 'line 2 is not a line'],
    ['a short hash', text(head, `f 644 2 ${sha.slice(1)} a`), 'line 2 is not a line'],
    ['an empty line', text(head, ''), 'line 2 is out of order'],
    ['an unknown kind', text(head, 'x a'), 'line 2 is not a line'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseManifest(bytes)).toThrow(ManifestError)
    expect(() => parseManifest(bytes)).toThrow(message)
  })
})

describe('the difference of two manifests', () => {
  const changed: Entry = { kind: 'file', path: 'a/x', mode: '755', size: 2, sha256: sha }

  it('is everything when there was nothing', () => {
    const next = manifestOf([file('a/x'), link('l', 'a')])
    expect(difference(null, next)).toEqual({
      removed: [],
      added: next.lines,
      files: [file('a/x')],
      links: [link('l', 'a')],
      folders: [{ kind: 'folder', path: 'a' }],
    })
  })

  it('is nothing when both are the same', () => {
    const same = manifestOf([file('a/x')])
    expect(difference(same, same)).toEqual({ removed: [], added: [], files: [], links: [], folders: [] })
  })

  it('names what goes, what comes and what changed', () => {
    const base = manifestOf([file('a/x'), file('a/y'), file('same')])
    const next = manifestOf([changed, file('same'), file('new/z')])
    expect(difference(base, next)).toEqual({
      removed: [`f 644 2 ${sha} a/x`, `f 644 2 ${sha} a/y`],
      added: ['d new', `f 644 2 ${sha} new/z`, `f 755 2 ${sha} a/x`],
      files: [changed, file('new/z')],
      links: [],
      folders: [{ kind: 'folder', path: 'new' }],
    })
  })

  it('sends a name again that only reads alike, when the two write newlines differently', () => {
    const base = manifestOf([file('a\nb'), file('plain')])
    const next = manifestOf([file('a\x1eb'), file('plain')])
    expect(difference(base, next)).toEqual({
      removed: ['# clonedeploy 1 036', `f 644 2 ${sha} a\x1eb`],
      added: ['# clonedeploy 1 001', `f 644 2 ${sha} a\x1eb`],
      files: [file('a\x1eb')],
      links: [],
      folders: [],
    })
  })
})

describe('what a host writes to get a release', () => {
  const entry = (path: string, size: number, other = sha): Entry => ({
    kind: 'file',
    path,
    mode: '644',
    size,
    sha256: other,
  })
  const changed = sha.replace(/^./, '0')
  const before = manifestOf([entry('big', 1000), entry('a/small', 10), entry('a/log', 5), link('a/link', 'small')])
  const next = manifestOf([
    entry('big', 1000),
    entry('a/small', 20, changed),
    entry('a/log', 5),
    link('a/link', 'small'),
  ])
  it.each([
    ['everything, without a base', null, [], { bytes: 1025, entries: 5, inodes: 5 }],
    ['what changed, and every folder', before, [], { bytes: 20, entries: 5, inodes: 2 }],
    ['also what the app may write', before, ['a/log'], { bytes: 25, entries: 5, inodes: 3 }],
  ])('is %s', (_, base, writable, needs) => {
    expect(writtenFor(base, next, writable)).toEqual(needs)
  })
})
