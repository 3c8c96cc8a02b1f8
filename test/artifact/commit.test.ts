import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BuildOptions, buildArtifact } from '../../src/artifact/build.js'
import { packCommit } from '../../src/artifact/pack-commit.js'
import { pinRevision } from '../../src/artifact/source.js'
import { exhaustively } from '../support/exhaustively.js'
import { tried } from '../support/tier.js'
import { extract } from './archives.js'
import { fill, hostile, packsOf, read, type Tree, temporary } from './folders.js'
import { commit, git, gitSource, repository, settings } from './repositories.js'

const release = '20260102-030405-c0ffee1'
const key = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n-----END PRIVATE KEY-----\n`
const { 'back\\slash': _, 'back\\nslash': __, 'byte\x1e036': ___, ...names } = hostile

type Settings = BuildOptions['config']

async function built(config: Settings, cacheDir: string) {
  const revision = await pinRevision(config.source, config.root, cacheDir)
  return buildArtifact({ config, revision, cacheDir, onOutput: () => {} })
}

/** Whether a commit is packed without a checkout. */
async function isPlain(dir: string, at: string, { include, shared }: Settings, submodules: boolean | null) {
  const about = { commit: git(dir, 'rev-parse', 'main'), at, submodules, include, shared, revision: null, line: null }
  return (await packCommit({ ...about, cacheDir: temporary(), run: { cwd: dir } })) !== null
}

const attributes = (text: string): Tree => ({
  '.gitattributes': text,
  a: 'one\r\ntwo\n$Id$\n$Format:%H$\n',
  'b.txt': 'x\ny\n',
})

interface Case {
  readonly first: Tree
  /** What the next commit changes; `null` removes. */
  readonly next?: Readonly<Record<string, string | null>>
  readonly config?: Partial<Settings>
  readonly subdir?: string
  /** Where the release lies in the commit. */
  readonly at?: string
  readonly checkedOut?: true
}

const next = { changed: 'b', gone: null, 'new/file': 'n', run: '#!new', 'was file': '-> changed', 'was link': 'a file' }
const first: Tree = {
  changed: 'a',
  gone: 'g',
  run: 'new',
  'was file': 'f',
  'was link': '-> gone',
  same: 's',
  other: 's',
}

const cases: readonly (readonly [string, Case])[] = [
  ['files, links and modes', { first, next }],
  ['names of every kind', { first: names, next: { '-rf': 'other', '\n': null, '\xff\xfe latin1 \xe9': 'other' } }],
  ['names that git may refuse', { first: hostile, next: { '-rf': 'other' }, checkedOut: true }],
  ['names that differ in their case', { first: { readme: '1', README: '2' }, next: { readme: '3' }, checkedOut: true }],
  [
    'a .deployignore',
    { first: { ...first, '.deployignore': 'gone\nnew/*' }, next: { ...next, '.deployignore': 'same\nnew/*' } },
  ],
  [
    'a .deployignore that is a link',
    { first: { ...first, rules: 'same', '.deployignore': '-> rules' }, checkedOut: true },
  ],
  ['include', { first, next: { ...next, run: 'x' }, config: { include: ['changed', 'ru*', '!other', 'same'] } }],
  ['an include that brings nothing', { first, next: { same: null }, config: { include: ['same'] } }],
  [
    'shared paths',
    {
      first: { ...first, 'up/.gitignore': '*', 'up/binary': 'a\0', '.env': 'X=1', 'up/link': '-> .gitignore' },
      next: { 'up/.gitignore': '*\n!x', 'up/more': 'm' },
      config: { shared: { dirs: ['up', './cache/'], files: ['.env'] } },
    },
  ],
  [
    'env files',
    {
      first: { '.env': 'A=1', 'x/.envrc': 'B', '.env.d/.env.x': 'C', '.env.d/y': 'D', '.env.e/y': 'E' },
      next: { '.env': 'A=2' },
    },
  ],
  [
    'a folder of it',
    {
      first: { 'web/a': '1', 'web/.deployignore': 'x', 'web/x': 'x', b: '2' },
      next: { 'web/a': '3', b: '4' },
      subdir: 'web',
      at: 'web',
    },
  ],
  [
    'a folder of a folder',
    {
      first: { 'web/out/a': '1', b: '2' },
      next: { 'web/out/a': '3' },
      subdir: 'web',
      config: { releaseRoot: 'out' },
      at: 'web/out',
    },
  ],
  [
    'a folder that looks like a repository',
    {
      first: { 'web/HEAD': '1', 'web/objects/a': 'x', 'web/refs/a': 'x', 'web/.env': 'X' },
      subdir: 'web',
      at: 'web',
      checkedOut: true,
    },
  ],
  [
    'a private key, and what is large for a skeleton',
    { first: { 'a.pem': key, b: 'x' }, next: { b: 'y', 'c.pem': key } },
  ],
  [
    'REVISION and what is never deployed',
    { first: { REVISION: 'x', '.clonedeploy/a': 'x', a: 'x' }, next: { a: 'y' } },
  ],
  ['links to nothing', { first: { a: '-> b', b: 'x' }, next: { b: null } }],
  [
    'large files',
    {
      first: { a: 'x'.repeat(3 << 20), b: 'y'.repeat(3 << 20) },
      next: { b: 'x'.repeat(3 << 20), c: 'z'.repeat(5 << 20) },
    },
  ],
  [
    'attributes that change nothing',
    {
      first: attributes('* text=auto\n# x\n*.png binary\n*.txt -text linguist-vendored diff=js\r\n'),
      next: { a: 'z\r\n' },
    },
  ],
  ...[
    '* eol=crlf',
    'a ident',
    'b.txt working-tree-encoding=ISO-8859-1',
    'a export-ignore',
    'a export-subst',
    'a filter=none',
    '[attr]x ident\na x',
    '"a" ident',
    'b.txt crlf',
  ].map(
    text => [`attributes: ${text}`, { first: attributes(text), next: { a: 'z $Id$\n' }, checkedOut: true }] as const,
  ),
  [
    'attributes that come later',
    { first: { ...first, 'sub/b': 'x\n' }, next: { ...next, 'sub/.gitattributes': 'b eol=crlf' } },
  ],
]

const everyday = new Set([
  'files, links and modes',
  'names that git may refuse',
  'a .deployignore',
  'REVISION and what is never deployed',
  'attributes: * eol=crlf',
  'attributes: a export-subst',
])

describe('a commit that nothing is built from is what packing a checkout of it gives', () => {
  it.each(tried(cases, ([name]) => everyday.has(name)))('with %s', async (_name, {
    first: tree,
    next: changes,
    config = {},
    subdir,
    at = '',
    checkedOut,
  }) => {
    const dir = repository(tree)
    const source = gitSource('.', { subdir: subdir ?? null })
    const [plain, checkout] = [[], ['true']].map(build => settings(dir, source, { ...config, build })) as [
      Settings,
      Settings,
    ]
    const cacheDir = temporary()
    const same = async () => {
      const one = await built(plain, cacheDir).catch(error => error)
      const two = await built(checkout, cacheDir).catch(error => error)
      if (two instanceof Error) return expect(one).toEqual(two)
      expect(one.manifest.lines).toEqual(two.manifest.lines)
      expect([one.digest, one.skeleton, [...one.warnings].sort()]).toEqual([
        two.digest,
        two.skeleton,
        [...two.warnings].sort(),
      ])
      const arrived = async (artifact: typeof one) =>
        read(join(extract('GNU tar', (await artifact.payload(null, release)).data), 'tree'))
      expect(await arrived(one)).toEqual(await arrived(two))
    }
    expect(await isPlain(dir, at, plain, false)).toBe(checkedOut !== true)
    await same()
    for (const [path, content] of Object.entries(changes ?? {})) {
      rmSync(join(dir, path), { force: true })
      if (content !== null) fill(dir, { [path]: content })
    }
    if (changes === undefined) return
    commit(dir, {}, 'next')
    await same()
  })

  it('with submodules, where they are not wanted; else they are checked out, or asked about', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'submodule', '--quiet', 'add', repository({ 'lib.js': 'x' }), 'vendor/lib')
    commit(dir, {}, 'submodule')
    const of = (submodules: boolean | null) => isPlain(dir, '', settings(dir, gitSource('.')), submodules)
    expect([await of(false), await of(null), await of(true)]).toEqual([true, false, false])
    const cacheDir = temporary()
    const [plain, checkout] = [[], ['true']].map(build => built(settings(dir, gitSource('.'), { build }), cacheDir))
    expect((await plain)?.digest).toBe((await checkout)?.digest)
  })

  it('whatever stands in the place of its objects in this repository', async () => {
    const dir = repository({ a: 'real' })
    const blob = git(dir, 'rev-parse', 'HEAD:a')
    writeFileSync(join(dir, 'b'), 'replaced')
    git(dir, 'replace', blob, git(dir, 'hash-object', '-w', 'b'))
    const artifact = await built(settings(dir, gitSource('.')), temporary())
    expect(read(join(extract('GNU tar', (await artifact.payload(null, release)).data), 'tree'))).toEqual({
      a: '644 real',
    })
  })
})

describe('a commit after another one', () => {
  const tree: Tree = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`d/${i}`, `file ${i}`]))

  it('takes from git, hashes and keeps the files that changed, and no others', async () => {
    const dir = repository(tree)
    const cacheDir = temporary()
    const config = settings(dir, gitSource('.'))
    const one = await built(config, cacheDir)
    commit(dir, { 'd/1': 'new', 'd/2': 'newer', e: 'newest' })
    const two = await built(config, cacheDir)
    const [fresh = '', ...old] = packsOf(cacheDir, two.digest)
    expect(old).toEqual(packsOf(cacheDir, one.digest))
    expect(readFileSync(fresh, 'latin1')).toBe('newnewernewest')
  })

  exhaustively('never has more than a few packs to look into, and in them what it needs', async () => {
    const dir = repository(tree)
    const cacheDir = temporary()
    const config = settings(dir, gitSource('.'))
    for (let round = 1; round <= 14; round += 1) {
      commit(dir, { [`d/${round}`]: `round ${round}`, e: `${round}` })
      const artifact = await built(config, cacheDir)
      expect(packsOf(cacheDir, artifact.digest).length).toBeLessThanOrEqual(12)
      const { e, [`d/${round}`]: changed } = read(
        join(extract('GNU tar', (await artifact.payload(null, release)).data), 'tree'),
      )
      expect([e, changed]).toEqual([`644 ${round}`, `644 round ${round}`])
    }
  })

  it('is read from git once more where what was kept of the other is damaged', async () => {
    const dir = repository(tree)
    const cacheDir = temporary()
    const config = settings(dir, gitSource('.'))
    for (const pack of packsOf(cacheDir, (await built(config, cacheDir)).digest))
      writeFileSync(pack, readFileSync(pack).fill('?'))
    commit(dir, { 'd/1': 'new' })
    await expect((await built(config, cacheDir)).payload(null, release)).rejects.toThrow('is damaged')
    const again = await built(config, cacheDir)
    expect(Object.keys(read(join(extract('GNU tar', (await again.payload(null, release)).data), 'tree')))).toHaveLength(
      41,
    )
  })

  exhaustively('is itself, whatever else was packed under other settings', async () => {
    const dir = repository({ a: '1', b: '2' })
    const cacheDir = temporary()
    const of = (include: string[] | null) => built(settings(dir, gitSource('.'), { include }), cacheDir)
    await of(['a'])
    commit(dir, { b: '3' })
    expect((await of(null)).manifest.lines).toHaveLength(3)
    expect((await of(['b'])).manifest.lines).toHaveLength(2)
  })
})
