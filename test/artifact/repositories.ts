import { execFileSync } from 'node:child_process'
import type { BuildOptions } from '../../src/artifact/build.js'
import type { Source } from '../../src/config/config.js'
import { fill, nothingShared, type Tree, temporary } from './folders.js'

/** Runs git as somebody, away from this machine's own settings. */
export function git(cwd: string, ...args: string[]): string {
  const who = ['user.name=Anna', 'user.email=anna@example.org', 'init.defaultBranch=main', 'protocol.file.allow=always']
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' }
  return execFileSync('git', [...who.flatMap(set => ['-c', set]), ...args], { cwd, env, stdio: 'pipe' })
    .toString()
    .trim()
}

export function repository(tree: Tree, subject = 'first'): string {
  const dir = temporary()
  git(dir, 'init', '--quiet')
  commit(dir, tree, subject)
  return dir
}

/** Writes files and commits everything. Gives the commit. */
export function commit(dir: string, tree: Tree, subject = 'next'): string {
  fill(dir, tree)
  git(dir, 'add', '--all', '--force')
  git(dir, 'commit', '--quiet', '--message', subject)
  return git(dir, 'rev-parse', 'HEAD')
}

export function gitSource(repository: string, more: Partial<Extract<Source, { kind: 'git' }>> = {}): Source {
  return { kind: 'git', repository, ref: 'main', subdir: null, submodules: false, ...more }
}

type Settings = BuildOptions['config']

export function settings(root: string, source: Source, more: Partial<Settings> = {}): Settings {
  return {
    root,
    source,
    build: [],
    buildEnv: {},
    buildCache: null,
    releaseRoot: null,
    include: null,
    shared: nothingShared,
    ...more,
  }
}
