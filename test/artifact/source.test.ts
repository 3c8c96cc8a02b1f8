import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { pinRevision } from '../../src/artifact/source.js'
import { fill, type Tree, temporary } from './folders.js'
import { commit, git, gitSource, repository } from './repositories.js'

const path = process.env.PATH
afterEach(() => {
  process.env.PATH = path
  delete process.env.GIT_DIR
})

describe('the pinned revision', () => {
  it('is the commit that the ref stands for now, and what is known of it', async () => {
    const dir = repository({ a: 'x' }, 'cart: new route')
    expect(await pinRevision(gitSource('.'), dir)).toEqual({
      commit: git(dir, 'rev-parse', 'HEAD'),
      ref: 'main',
      subject: 'cart: new route',
      author: 'Anna',
      dirty: 0,
    })
  })

  it('is null for a folder', async () => {
    expect(await pinRevision({ kind: 'folder', dir: 'dist' }, '/')).toBe(null)
  })

  it.each(['HEAD', 'main', 'refs/heads/main', 'main~0', '@'])('can be named %s', async ref => {
    const dir = repository({ a: 'x' })
    commit(dir, { a: 'y' })
    expect((await pinRevision(gitSource('.', { ref }), dir))?.commit).toBe(git(dir, 'rev-parse', 'HEAD'))
  })

  it('can be a tag with a message, a short hash or the branch of a remote', async () => {
    const dir = repository({ a: 'x' })
    const first = git(dir, 'rev-parse', 'HEAD')
    git(dir, 'tag', '--annotate', '--message', 'one', 'v1')
    git(dir, 'update-ref', 'refs/remotes/origin/other', 'HEAD')
    commit(dir, { a: 'y' })
    for (const ref of ['v1', first.slice(0, 8), 'origin/other', first])
      expect((await pinRevision(gitSource('.', { ref }), dir))?.commit).toBe(first)
  })

  it('counts the changes that will not be deployed, without our own records', async () => {
    const dir = repository({ a: 'x', b: 'x', c: 'x', '.gitignore': 'ignored' })
    fill(dir, { a: 'changed', 'new/1': 'x', 'new/2': 'x', ignored: 'x', '.clonedeploy/logs/x': 'x' })
    git(dir, 'mv', 'b', 'moved')
    expect((await pinRevision(gitSource('.'), dir))?.dirty).toBe(3)
  })

  it.each<[string, string, Tree, true | undefined]>([
    ['is new', 'web', { 'apps/web/.deployignore': 'x' }, true],
    ['was changed', 'api', { 'apps/api/.deployignore': 'x' }, true],
    ['git ignores', 'ignored', { 'apps/ignored/.deployignore': 'x' }, true],
    ['is for another folder', 'web', { 'apps/.deployignore': 'x', '.deployignore': 'x' }, undefined],
    ['is committed', 'api', { 'apps/api/a': 'x' }, undefined],
  ])('knows whether it lacks a .deployignore that %s', async (_, subdir, tree, uncommittedRules) => {
    const dir = repository({ 'apps/api/.deployignore': 'a', '.gitignore': 'ignored' })
    fill(dir, tree)
    const revision = await pinRevision(gitSource('apps', { subdir }), dir)
    expect(revision?.uncommittedRules).toBe(uncommittedRules)
  })

  it('can be in a repository elsewhere, a folder of one, a bare one and a second working tree', async () => {
    const dir = repository({ 'apps/web/a': 'x' })
    const elsewhere = temporary()
    git(elsewhere, 'clone', '--quiet', '--bare', dir, 'bare.git')
    git(dir, 'worktree', 'add', '--quiet', '-b', 'main2', join(elsewhere, 'second'))
    const head = { commit: git(dir, 'rev-parse', 'HEAD') }
    expect(await pinRevision(gitSource(dir), elsewhere)).toMatchObject({ ...head, dirty: 0 })
    expect(await pinRevision(gitSource('apps/web'), dir)).toMatchObject({ ...head, dirty: 0 })
    expect(await pinRevision(gitSource(join(elsewhere, 'bare.git')), dir)).toMatchObject({ ...head, dirty: null })
    expect(await pinRevision(gitSource('second', { ref: 'main2' }), elsewhere)).toMatchObject({ ...head, dirty: 0 })
  })

  it('is of the repository that the config names, also when git runs us in a hook of another one', async () => {
    const dir = repository({ a: 'x' })
    process.env.GIT_DIR = join(repository({ other: 'x' }), '.git')
    expect((await pinRevision(gitSource('.'), dir))?.subject).toBe('first')
    delete process.env.GIT_DIR
    expect((await pinRevision(gitSource('.'), dir))?.commit).toBe(git(dir, 'rev-parse', 'HEAD'))
  })

  it('is read without running what a repository brings along', async () => {
    const dir = repository({ a: 'x' })
    const canary = join(temporary(), 'pwned')
    const hook = fill(temporary(), { hook: `#!/bin/sh\ntouch ${canary}\n` })
    git(dir, 'config', 'core.fsmonitor', join(hook, 'hook'))
    git(dir, 'config', 'core.hooksPath', hook)
    git(dir, 'config', 'log.showSignature', 'true')
    git(dir, 'config', 'gpg.program', join(hook, 'hook'))
    await pinRevision(gitSource('.'), dir)
    expect(existsSync(canary)).toBe(false)
  })
})

describe('a remote repository', () => {
  const url = (dir: string) => `file://${dir}`

  it('is fetched each time, its branches as they are now', async () => {
    const [dir, root] = [repository({ a: 'x' }), temporary()]
    const of = async (ref: string) => (await pinRevision(gitSource(url(dir), { ref }), root))?.commit
    expect(await of('main')).toBe(git(dir, 'rev-parse', 'HEAD'))
    git(dir, 'checkout', '--quiet', '--orphan', 'rewritten')
    const rewritten = commit(dir, { a: 'z' })
    git(dir, 'branch', '--force', 'main', 'rewritten')
    git(dir, 'tag', 'v2')
    expect(await Promise.all(['main', 'v2', 'HEAD'].map(of))).toEqual([rewritten, rewritten, rewritten])
    expect(existsSync(join(root, '.clonedeploy'))).toBe(false)
  })

  it('is read at its default branch for HEAD, whatever that is called', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'checkout', '--quiet', '-b', 'trunk')
    const head = commit(dir, { a: 'y' })
    expect(await pinRevision(gitSource(url(dir), { ref: 'HEAD' }), temporary())).toMatchObject({
      commit: head,
      dirty: null,
    })
  })

  it('has a commit that no branch leads to any more', async () => {
    const dir = repository({ a: 'x' })
    const lost = commit(dir, { a: 'y' })
    git(dir, 'reset', '--quiet', '--hard', 'HEAD~1')
    expect((await pinRevision(gitSource(url(dir), { ref: lost }), temporary()))?.commit).toBe(lost)
  })

  it('is not mistaken for the repository that the cache lies in', async () => {
    const [dir, root] = [repository({ a: 'x' }, 'remote'), repository({ b: 'x' }, 'local')]
    expect((await pinRevision(gitSource(url(dir)), root))?.subject).toBe('remote')
    expect(git(root, 'log', '--all', '--format=%s')).toBe('local')
  })

  it('is named without its password when it cannot be fetched', async () => {
    const pinning = pinRevision(gitSource('https://anna:hunter2@127.0.0.1:1/x.git'), temporary())
    const error = await pinning.catch((each: Error & { details: string[]; next: string[] }) => each)
    expect(error).toMatchObject({ message: 'https://127.0.0.1:1/x.git cannot be fetched', exitCode: 3 })
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })

  it.each(['ext::sh -c "touch pwned"', 'fd::17'])('is never a command: %s', async address => {
    await expect(pinRevision(gitSource(address), temporary())).rejects.toThrow('is not the address of a git repository')
  })
})

describe('a ref that cannot be pinned', () => {
  it('is told with the names there are and the one that was probably meant', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'branch', 'release')
    await expect(pinRevision(gitSource('.', { ref: 'mian' }), dir)).rejects.toMatchObject({
      message: `there is no commit "mian" in ${dir}`,
      details: ['it has main, release'],
      next: ['did you mean main?'],
      exitCode: 3,
    })
  })

  it('may be a branch that is only at the remote', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'update-ref', 'refs/remotes/origin/production', 'HEAD')
    const pinning = pinRevision(gitSource('.', { ref: 'production' }), dir)
    await expect(pinning).rejects.toMatchObject({ next: ['did you mean origin/production?'] })
  })

  it('may be missing because the copy is shallow', async () => {
    const [dir, clone] = [repository({ a: 'x' }), temporary()]
    commit(dir, { a: 'y' })
    git(clone, 'clone', '--quiet', '--depth=1', `file://${dir}`, '.')
    const pinning = pinRevision(gitSource('.', { ref: 'main~1' }), clone)
    await expect(pinning).rejects.toMatchObject({
      details: [
        expect.stringContaining('main'),
        'it is a shallow copy: older commits and other branches are not in it',
      ],
      next: expect.arrayContaining(['get the rest: git fetch --unshallow (in CI: fetch-depth: 0)']),
    })
  })

  it('is any, before the first commit', async () => {
    const dir = temporary()
    git(dir, 'init', '--quiet')
    const pinning = pinRevision(gitSource('.'), dir)
    await expect(pinning).rejects.toMatchObject({
      details: ['it has no commits yet'],
      next: ['commit something first'],
    })
  })

  it('is both a branch and a tag', async () => {
    const dir = repository({ a: 'x' })
    git(dir, 'tag', 'main')
    await expect(pinRevision(gitSource('.'), dir)).rejects.toMatchObject({
      message: 'main is a branch and a tag',
      next: ['say which: refs/heads/main or refs/tags/main'],
    })
  })

  it.each(['', '-main', '--upload-pack=touch pwned', 'a\nb'])('is no ref at all: %j', async ref => {
    const pinning = pinRevision(gitSource('.', { ref }), repository({ a: 'x' }))
    await expect(pinning).rejects.toMatchObject({ message: `${JSON.stringify(ref)} cannot be a git ref`, exitCode: 2 })
  })

  it('is a folder or a file of a commit', async () => {
    const dir = repository({ 'a/b': 'x' })
    for (const ref of ['main:a', 'main:a/b'])
      await expect(pinRevision(gitSource('.', { ref }), dir)).rejects.toThrow('there is no commit')
  })
})

describe('a source that is no repository', () => {
  it.each([
    ['a folder without one', (dir: string) => dir],
    ['nothing', (dir: string) => join(dir, 'nowhere')],
  ])('is refused: %s', async (_, at) => {
    const place = at(temporary())
    await expect(pinRevision(gitSource(place), '/')).rejects.toMatchObject({
      message: `${place} cannot be read as a git repository`,
      next: ['correct source.git in the config, or deploy a folder: source: { dir: … }'],
      exitCode: 3,
    })
  })

  it('is told apart from git not being installed', async () => {
    const dir = repository({ a: 'x' })
    process.env.PATH = temporary()
    await expect(pinRevision(gitSource('.'), dir)).rejects.toMatchObject({
      message: 'git is not installed on this machine',
      exitCode: 3,
    })
  })
})
