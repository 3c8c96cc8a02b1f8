import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { refuseForeign } from '../../src/artifact/git/repository.js'
import { fill, temporary } from './folders.js'
import { git, repository } from './repositories.js'

/** A project with a bare repository, a clone, a submodule and a second working tree in it, and a folder for the config. */
function project(): string {
  const dir = repository({ 'config/a': 'x', 'docs/HEAD': 'x', 'docs/objects/a': 'x' })
  const other = repository({ b: 'x' })
  git(dir, 'clone', '--quiet', '--bare', other, 'bare')
  git(dir, 'clone', '--quiet', other, 'clone')
  git(dir, 'submodule', '--quiet', 'add', other, 'module')
  git(dir, 'worktree', 'add', '--quiet', '--detach', join(dir, 'second'))
  symlinkSync('bare', join(dir, 'link'))
  return dir
}

describe('in a project that is a repository', () => {
  const dir = project()
  it.each(['bare', 'bare/objects', 'link', 'clone'])('%s is refused as a source', path => {
    for (const root of [dir, join(dir, 'config')])
      expect(() => refuseForeign(join(dir, path), root)).toThrow(`is a git repository of its own, inside ${dir}`)
  })

  it.each(['.', 'config', 'docs', 'module', 'second'])('%s may be a source', path => {
    expect(() => refuseForeign(join(dir, path), dir)).not.toThrow()
  })

  it('a repository elsewhere may be a source', () => {
    const elsewhere = temporary()
    git(elsewhere, 'clone', '--quiet', '--bare', dir, 'bare.git')
    for (const path of [join(elsewhere, 'bare.git'), repository({ a: 'x' }), elsewhere])
      expect(() => refuseForeign(path, dir)).not.toThrow()
  })
})

describe('in a project that lies in no repository', () => {
  it('a clone may be a source, and a git directory may not', () => {
    const dir = fill(temporary(), { 'deploy.config.json': '{}' })
    git(dir, 'clone', '--quiet', repository({ a: 'x' }), 'clone')
    git(dir, 'clone', '--quiet', '--bare', 'clone', 'bare')
    mkdirSync(join(dir, 'bare/apps'))
    expect(() => refuseForeign(join(dir, 'clone'), dir)).not.toThrow()
    for (const path of ['bare', 'bare/apps'])
      expect(() => refuseForeign(join(dir, path), dir)).toThrow(`is a git repository of its own, inside ${dir}`)
  })
})
