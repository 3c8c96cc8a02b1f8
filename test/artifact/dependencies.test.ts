import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BuildOptions, buildArtifact, lookForDependencies } from '../../src/artifact/build.js'
import { decidingFiles } from '../../src/artifact/dependencies/deciding-files.js'
import { bounds, pruneKept } from '../../src/artifact/dependencies/kept-folders.js'
import type { TreeEntry } from '../../src/artifact/git/objects.js'
import { entriesOf } from '../../src/artifact/manifest/manifest.js'
import { loadGitignore } from '../../src/artifact/select/deployignore.js'
import { pinRevision } from '../../src/artifact/source.js'
import { cacheFolder } from '../../src/cache-folder.js'
import type { BuildCache } from '../../src/config/config.js'
import { installerOf } from '../../src/config/installer.js'
import { exhaustively } from '../support/exhaustively.js'
import { temporary } from './folders.js'
import { commit, gitSource, repository, settings } from './repositories.js'

/** Stands for an installer: writes what `lock` says into node_modules, and counts how often it ran. */
function project(more: Readonly<Record<string, string>> = {}) {
  const count = join(temporary(), 'ran')
  const dir = repository({ lock: 'one', 'app.js': '1', '.gitignore': 'node_modules\ndist', ...more })
  const install = `echo >>${count}; mkdir -p node_modules/.bin && cp lock node_modules/dep && ln -s ../dep node_modules/.bin/dep`
  const ran = () => (existsSync(count) ? statSync(count).size : 0)
  return { dir, install, ran }
}

async function build(dir: string, config: Partial<BuildOptions['config']>, more: Partial<BuildOptions> = {}) {
  const cacheDir = temporary()
  const all = settings(dir, gitSource('.'), config)
  const revision = await pinRevision(all.source, dir, cacheDir)
  const notes: string[] = []
  const onNote = (level: string, text: string) => notes.push(`${level}: ${text}`)
  const options = { config: all, revision, cacheDir, onOutput: () => {}, onNote, ...more }
  const artifact = await buildArtifact(options)
  const paths = entriesOf(artifact.manifest).map(({ path }) => path)
  return { digest: artifact.digest, notes, paths, look: () => lookForDependencies(options) }
}

const byLock = (paths = ['node_modules']) => ({ paths, key: ['lock'], installer: null })

const keptFiles = () => {
  const folder = join(cacheFolder ?? '', 'dependencies')
  return existsSync(folder) ? readdirSync(folder).map(name => join(folder, name)) : []
}

describe('what the first command makes', () => {
  it('is put back while the same files decide it, as it was before the other commands saw it', async () => {
    const { dir, install, ran } = project()
    const config = { build: [install, 'cp app.js dist; echo spoiled >>node_modules/dep; true'], buildCache: byLock() }
    const first = await build(dir, config)
    expect([ran(), first.notes]).toEqual([1, []])
    commit(dir, { 'app.js': '2' })
    const second = await build(dir, config)
    expect(second.notes).toEqual([
      expect.stringMatching(/^info: echo .*: not run: node_modules is kept, made of the same files \(\d+(\.\d)? kB\)$/),
    ])
    const clean = await build(dir, config, { afresh: true })
    expect([ran(), clean.digest, clean.notes]).toEqual([2, second.digest, []])
    commit(dir, { lock: 'two' })
    const other = await build(dir, config)
    expect([ran(), other.notes]).toEqual([3, []])
    expect(other.digest).not.toBe(second.digest)
  })

  exhaustively('is put back of a real npm ci, which then does not run, until another package is locked', async () => {
    const npm = (dir: string, ...args: readonly string[]) => execFileSync('npm', args, { cwd: dir, stdio: 'pipe' })
    const dir = repository({ 'app.js': "console.log(1, require('dep'))", '.gitignore': 'node_modules\ndist' })
    const lock = (version: string) => {
      const from = temporary()
      const about = { name: 'dep', version, bin: 'index.js' }
      writeFileSync(join(from, 'package.json'), JSON.stringify(about))
      writeFileSync(join(from, 'index.js'), `module.exports = '${version}'`)
      npm(from, 'pack', '--pack-destination', dir)
      const dependencies = { dep: `file:dep-${version}.tgz` }
      writeFileSync(join(dir, 'package.json'), JSON.stringify({ name: 'app', version: '1.0.0', dependencies }))
      npm(dir, 'install', '--package-lock-only', '--offline', '--no-audit', '--no-fund')
    }
    const command = 'npm ci --offline --no-audit --no-fund'
    const buildCache = { paths: ['node_modules'], key: null, installer: installerOf(command) }
    const made = () => build(dir, { build: [command, 'node app.js >dist'], buildCache })
    lock('1.0.0')
    commit(dir, {})
    const first = await made()
    expect([first.notes, first.paths]).toEqual([[], expect.arrayContaining(['dist', 'node_modules/.bin/dep'])])
    commit(dir, { 'app.js': "console.log(2, require('dep'))" })
    const second = await made()
    expect(second.notes).toEqual([expect.stringMatching(/^info: npm ci .*: not run: node_modules is kept/)])
    expect(second.digest).not.toBe(first.digest)
    lock('1.0.1')
    commit(dir, {})
    const other = await made()
    expect([other.notes, other.digest === second.digest]).toEqual([[], false])
  })

  it('is told before anything runs', async () => {
    const { dir, install, ran } = project()
    const config = { build: [install], buildCache: byLock() }
    const built = await build(dir, config)
    expect(await built.look()).toMatch(/^not run: node_modules is kept/)
    expect(ran()).toBe(1)
  })

  it('is not kept of a build that failed, or was stopped', async () => {
    const { dir, install, ran } = project()
    const before = keptFiles()
    await expect(build(dir, { build: [install, 'exit 3'], buildCache: byLock() })).rejects.toThrow('exited with 3')
    const over = new AbortController()
    const onOutput = () => over.abort(new Error('stopped'))
    const stopped = build(
      dir,
      { build: [install, 'echo now; sleep 20'], buildCache: byLock() },
      { signal: over.signal, onOutput },
    )
    await expect(stopped).rejects.toThrow('stopped')
    expect(keptFiles()).toEqual(before)
    await build(dir, { build: [install], buildCache: byLock() })
    expect(ran()).toBe(3)
  })

  it('is not kept where it made more than is kept', async () => {
    const { dir, install, ran } = project()
    const build2 = [`${install}; mkdir dist; echo x >dist/client`]
    const told = await build(dir, { build: build2, buildCache: byLock() })
    expect(told.notes[0]).toMatch(/^warning: node_modules is not kept for the next build: it also wrote dist\. /)
    await build(dir, { build: build2, buildCache: byLock(['node_modules', 'dist']) })
    commit(dir, { 'app.js': '2' })
    const put = await build(dir, { build: build2, buildCache: byLock(['node_modules', 'dist']) })
    expect([ran(), put.paths.includes('dist/client')]).toEqual([2, true])
  })

  it('is not believed where its bytes are others, or another account may write them', async () => {
    const { dir, install, ran } = project()
    const config = { build: [install], buildCache: byLock() }
    const before = new Set(keptFiles())
    await build(dir, config)
    const [file = ''] = keptFiles().filter(name => !before.has(name))
    chmodSync(file, 0o622)
    expect((await build(dir, config)).notes).toEqual([])
    expect(ran()).toBe(2)
    const [again = ''] = keptFiles().filter(name => !before.has(name))
    chmodSync(again, 0o600)
    writeFileSync(again, 'x', { flag: 'r+' })
    const { notes } = await build(dir, config)
    expect(notes).toEqual([expect.stringContaining('what was kept of node_modules is damaged and was removed')])
    expect(ran()).toBe(3)
  })

  it('is kept within bounds, the oldest goes first', async () => {
    const folder = join(cacheFolder ?? '', 'dependencies')
    mkdirSync(folder, { recursive: true })
    const name = (digit: string) => join(folder, `${digit.repeat(64)}.${digit.repeat(64)}.tar`)
    const now = Date.now()
    for (const [i, digit] of ['1', '2', '3', '4'].entries()) {
      writeFileSync(name(digit), 'x'.repeat(100), { mode: 0o600 })
      utimesSync(name(digit), new Date(now + 3600_000 - i * 1000), new Date(now + 3600_000 - i * 1000))
    }
    const there = () => ['1', '2', '3', '4'].filter(digit => existsSync(name(digit)))
    pruneKept({ ...bounds, count: 3 }, now)
    expect(there()).toEqual(['1', '2', '3'])
    pruneKept({ ...bounds, bytes: 200 }, now)
    expect(there()).toEqual(['1', '2'])
    pruneKept(bounds, now + 31 * 86_400_000 + 3600_000)
    expect(there()).toEqual([])
  })
})

describe('the files of an installer', () => {
  const npm = { paths: ['node_modules'], key: null, installer: { tool: 'npm', scripts: true } } as const
  const decided = async (files: Readonly<Record<string, string>>, cache: BuildCache) => {
    const tree = Object.keys(files).map(path => ({ path, mode: '100644', oid: path }))
    const read = async (entries: readonly TreeEntry[]) => entries.map(({ path }) => files[path] ?? '')
    const found = await decidingFiles({ tree, cache, folder: '', gitignore: await loadGitignore(), read })
    return 'unknown' in found ? found.unknown : found.files.map(({ path }) => path)
  }
  const lock = { 'package-lock.json': '{}', 'app.js': '' }
  it.each<[string, Readonly<Record<string, string>>, string | readonly string[]]>([
    [
      'decide, and those below what is kept',
      { 'package.json': '{}', 'web/package.json': '{}', 'node_modules/x/y': '', 'patches/a.patch': '', ...lock },
      ['node_modules/x/y', 'package.json', 'web/package.json', 'patches/a.patch', 'package-lock.json'],
    ],
    [
      'do not without a lock file',
      { 'package.json': '{}' },
      'the commit has no package-lock.json or npm-shrinkwrap.json',
    ],
    [
      'do not where a script runs at an install',
      { 'package.json': '{"scripts":{"postinstall":"prisma generate"}}', ...lock },
      'package.json has the script "postinstall", which may read any file',
    ],
    [
      'do not where a dependency is a folder',
      { 'web/package.json': '{"dependencies":{"lib":"file:../lib"}}', ...lock },
      'web/package.json takes lib from a folder',
    ],
    [
      'do where a dependency is a tarball of the commit',
      { 'package.json': '{"dependencies":{"lib":"file:lib.tgz"}}', 'lib.tgz': '', ...lock },
      ['package.json', 'lib.tgz', 'package-lock.json'],
    ],
    ['do not where a package is no JSON', { 'package.json': '{', ...lock }, 'package.json is no JSON'],
  ])('%s', async (_, files, wanted) => {
    expect(await decided(files, npm)).toEqual(wanted)
  })

  it('decide beside those that the config names, which must be there', async () => {
    const files = { 'package.json': '{"scripts":{"postinstall":"x"}}', 'prisma/schema.prisma': '', ...lock }
    expect(await decided(files, { ...npm, key: ['prisma/**'] })).toEqual([
      'package.json',
      'prisma/schema.prisma',
      'package-lock.json',
    ])
    expect(await decided(files, { ...npm, key: ['drizzle/**'] })).toBe(
      'no file of the commit is drizzle/**, which build.cache.key names',
    )
  })

  it.each([
    ['npm ci', { tool: 'npm', scripts: true }],
    ['npm ci --ignore-scripts', { tool: 'npm', scripts: false }],
    ['pnpm install --frozen-lockfile', { tool: 'pnpm', scripts: true }],
    ['yarn --immutable', { tool: 'yarn', scripts: true }],
    ['bun ci', { tool: 'bun', scripts: true }],
    ['npm install', null],
    ['pnpm install', null],
    ['npm ci && npm run build', null],
    ['npm ci; x', null],
    ['npm ci --prefix web', null],
    ['npm ci $MORE', null],
  ])('%s is known by them: %j', (command, installer) => {
    expect(installerOf(command)).toEqual(installer)
  })
})
