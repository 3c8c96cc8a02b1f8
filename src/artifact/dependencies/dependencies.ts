import { createHash } from 'node:crypto'
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { BuildCache } from '../../config/config.js'
import { listed } from '../../text/phrases.js'
import { bytesText } from '../../text/units.js'
import { namedVariables } from '../cache/builds.js'
import { gitList } from '../git/git.js'
import { blobsOf, treeOf } from '../git/objects.js'
import { onDisk, printable, rawName } from '../printable-names.js'
import { loadGitignore } from '../select/deployignore.js'
import { decidingFiles } from './deciding-files.js'
import { draftOf, findKept, type Kept, unpackKept } from './kept-folders.js'
import { machineOf } from './machine.js'

const format = 1

/** A build of a commit, as far as what its first command makes depends on it. */
export interface Dependent {
  readonly cache: BuildCache
  /** All commands of the build; the first makes what is kept. */
  readonly build: readonly string[]
  /** The environment of the commands, with what the config says. */
  readonly env: NodeJS.ProcessEnv
  readonly commit: string
  /** The folder of the commit that is built, as latin1; '' for its top. */
  readonly folder: string
  /** Where it is checked out: installers write their path into files. */
  readonly checkout: string
  readonly git: { readonly cwd: string; readonly bare?: boolean; readonly signal?: AbortSignal | undefined }
}

/** The name of what the first command makes: equal names, equal folders. Or why none can be given. */
export type Named = { readonly key: string } | { readonly unknown: string }

export async function nameOf({ cache, build, env, commit, folder, checkout, git }: Dependent): Promise<Named> {
  const [command = ''] = build
  const deciding = await decidingFiles({
    tree: await treeOf(commit, git),
    cache,
    folder,
    gitignore: await loadGitignore(),
    read: entries =>
      textsOf(
        entries.map(({ oid }) => oid),
        git,
      ),
  })
  if ('unknown' in deciding) return deciding
  const files = deciding.files.map(({ path, mode, oid }) => [path, mode, oid])
  const { PWD: _, CLONEDEPLOY_REVISION: __, ...rest } = env
  const variables = Object.entries(namedVariables([command], rest)).sort(([a], [b]) => (a < b ? -1 : 1))
  const machine = await machineOf(command, cache.installer, env)
  const all = [format, checkout, folder, cache.paths, command, variables, files, machine]
  return { key: createHash('sha256').update(JSON.stringify(all)).digest('hex') }
}

async function textsOf(oids: readonly string[], git: Dependent['git']): Promise<readonly string[]> {
  const texts: string[] = []
  for await (const bytes of blobsOf(oids, git)) texts.push(bytes.toString())
  return texts
}

export type OnNote = (level: 'info' | 'warning', text: string) => void

/** `npm ci: not run, node_modules is kept of the same files (38.1 MB)`. */
export function keptText({ paths }: BuildCache, { bytes }: Kept): string {
  return `not run: ${listed(paths)} ${paths.length === 1 ? 'is' : 'are'} kept, made of the same files (${bytesText(bytes)})`
}

interface Building extends Dependent {
  /** Build without what is kept; what is made is kept all the same. */
  readonly afresh: boolean
  readonly onNote: OnNote
}

/**
 * Builds: `first` runs the first command, or puts back what it once made of the same files. What it makes is kept as it
 * was before the other commands saw it, and only once the whole build has succeeded.
 */
export async function withDependencies<T>(
  build: Building | null,
  work: (first: (run: () => Promise<void>) => Promise<void>) => Promise<T>,
): Promise<T> {
  if (build === null) return work(run => run())
  const made = { keep: () => {}, drop: () => {} }
  try {
    const done = await work(async run => {
      const named = await nameOf(build)
      if ('key' in named && !build.afresh && (await putBack(build, named.key))) return
      await run()
      if ('unknown' in named) tellUnknown(build, named.unknown)
      else Object.assign(made, await copied(build, named.key))
    })
    made.keep()
    return done
  } finally {
    made.drop()
  }
}

async function putBack(building: Building, key: string): Promise<boolean> {
  const { cache, build, folder, checkout, git, onNote } = building
  const kept = findKept(key)
  if (kept === null) return false
  const there = await unpackKept(kept, join(checkout, folder), cache.paths, git.signal)
  if (there) onNote('info', `${build[0]}: ${keptText(cache, kept)}`)
  else onNote('warning', `what was kept of ${listed(cache.paths)} is damaged and was removed: ${build[0]} runs`)
  return there
}

async function copied(build: Building, key: string): Promise<object | null> {
  const { cache, folder, checkout, git } = build
  const dir = join(checkout, folder)
  const paths = cache.paths.filter(path => lstatSync(join(dir, path), { throwIfNoEntry: false }) !== undefined)
  if (paths.length === 0) tellUnknown(build, `it made no ${listed(cache.paths)}`)
  const link = paths.find(path => lstatSync(join(dir, path)).isSymbolicLink())
  if (link !== undefined) tellUnknown(build, `${link} is a symbolic link`)
  if (paths.length === 0 || link !== undefined) return null
  const also = await writtenBeside(build)
  if (also.length > 0) {
    tellUnknown(build, `it also wrote ${listed(also)}`, 'name it in build.cache, too')
    return null
  }
  return draftOf(key, dir, paths, git.signal)
}

/** What the first command changed in the checkout outside of the folders that are kept: it would be missing the next time. */
async function writtenBeside({ cache, folder, checkout, git }: Building): Promise<readonly string[]> {
  const kept = cache.paths.map(path => join(folder, rawName(path)))
  const asked = ['status', '--porcelain=v1', '-z', '--no-renames', '--untracked-files=normal', '--ignored=matching']
  const failure = 'what the first command of the build wrote cannot be listed'
  const lines = await gitList(asked, { cwd: checkout, signal: git.signal, failure })
  return lines.flatMap(line => beside(line.slice(3).replace(/\/$/, ''))).map(path => printable(path))

  /** git names a folder of which it knows nothing as a whole. */
  function beside(path: string): readonly string[] {
    if (kept.some(one => path === one || path.startsWith(`${one}/`))) return []
    if (!kept.some(one => one.startsWith(`${path}/`))) return [path]
    return readdirSync(onDisk(checkout, path), { encoding: 'latin1' }).flatMap(name => beside(`${path}/${name}`))
  }
}

function tellUnknown({ cache, build, onNote }: Building, why: string, next = keyNext(cache)): void {
  onNote(
    'warning',
    `${listed(cache.paths)} is not kept for the next build: ${why}. ${build[0]} runs each time; ${next}`,
  )
}

function keyNext({ paths }: BuildCache): string {
  return `say what decides it: build.cache: { paths: [${paths.map(path => `'${path}'`).join(', ')}], key: ['FILE'] }`
}
