import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, type Stats } from 'node:fs'
import { join, relative } from 'node:path'
import { FileChangedError } from '../artifact.js'
import { onDisk, rawName } from '../printable-names.js'
import { readDeployignore } from './deployignore.js'
import type { Folder } from './folder.js'
import { trackedEnvFiles, trackedIn } from './tracked.js'
import { parentsOf } from './tree.js'
import { type FoundFile, type Item, walk } from './walk-tree.js'

export interface StampedFile extends FoundFile {
  readonly stamp: Stamp
}

/** Tells whether a file is still the one that was seen. */
export interface Stamp {
  readonly ino: number
  readonly size: number
  /** Milliseconds since 1970, with their fraction. */
  readonly mtimeMs: number
  readonly ctimeMs: number
}

/** A folder on disk. `project` is the one whose own repository may be asked what it tracks; without it, nothing is taken for tracked. */
export async function diskFolder(
  dir: string,
  cacheDir: string,
  project: string | undefined,
  signal?: AbortSignal | undefined,
): Promise<Folder<StampedFile>> {
  return {
    shown: dir,
    has: path => lstatSync(onDisk(dir, path), { throwIfNoEntry: false }) !== undefined,
    deployignore: readDeployignore(dir),
    tracked: project === undefined ? () => false : await trackedEnvFiles(dir, project),
    ours: new Set([below(dir, cacheDir)]),
    async walk(judge) {
      const found = await walk(folder => itemsIn(dir, folder), judge, signal)
      const links = found.links.map(link => ({ ...link, target: targetOf(dir, link.path) }))
      return { ...found, links }
    },
    trackedBelow: folders => (project === undefined ? Promise.resolve([]) : trackedBelow(dir, project, folders)),
    contents: async paths => paths.map(path => (isFile(dir, path) ? readFileSync(onDisk(dir, path)) : null)),
  }
}

export function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): Stamp {
  return { ino, size, mtimeMs, ctimeMs }
}

function* itemsIn(root: string, folder: string): Generator<Item<StampedFile>> {
  for (const name of readdirSync(onDisk(root, folder), { encoding: 'latin1' }))
    yield itemAt(root, folder === '' ? name : `${folder}/${name}`)
}

function itemAt(root: string, path: string): Item<StampedFile> {
  const stats = lstatSync(onDisk(root, path))
  if (stats.isFile()) return { kind: 'file', path, mode: modeOf(stats), stamp: stampOf(stats) }
  if (stats.isDirectory()) return { kind: 'folder', path }
  if (stats.isSymbolicLink()) return { kind: 'link', path }
  return { kind: 'special', path, what: kindOf(stats) }
}

function modeOf(stats: Stats): '644' | '755' {
  return stats.mode & 0o100 ? '755' : '644'
}

function targetOf(root: string, path: string): string {
  try {
    return readlinkSync(onDisk(root, path), { encoding: 'latin1' })
  } catch {
    throw new FileChangedError(path)
  }
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return 'socket'
  if (stats.isFIFO()) return 'fifo'
  return 'device'
}

async function trackedBelow(dir: string, project: string, folders: readonly string[]): Promise<readonly string[]> {
  if (folders.length === 0) return []
  let prefix = ''
  const { paths } = await trackedIn(dir, project, at => {
    prefix = rawName(at)
    return folders.map(folder => `:(literal)${join(at, folder)}/`)
  })
  return paths.map(path => relative(prefix, path))
}

function isFile(dir: string, path: string): boolean {
  return [path, ...parentsOf(path)].every((each, i) => {
    const stats = lstatSync(onDisk(dir, each), { throwIfNoEntry: false })
    return i === 0 ? stats?.isFile() : stats?.isDirectory()
  })
}

/** The path of `inner` below `dir` as a name of the walk; empty when it lies elsewhere. */
function below(dir: string, inner: string): string {
  const path = relative(real(dir), real(inner))
  return path.startsWith('..') ? '' : rawName(path)
}

function real(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
