import { join } from 'node:path'
import { rawName } from '../printable-names.js'
import type { Folder } from '../select/folder.js'
import { parentOf, parentsOf } from '../select/tree.js'
import { type FoundFile, type Item, walk } from '../select/walk-tree.js'
import { type GitOptions, tryGit } from './git.js'
import { blobsOf, type TreeEntry, treeOf, UnusualError } from './objects.js'
import { isFile, isFolder, isLink, refuseUnusual } from './ordinary-tree.js'
import { arePlain } from './plain-attributes.js'

export interface BlobFile extends FoundFile {
  readonly oid: string
}

type Run = Pick<GitOptions, 'cwd' | 'bare' | 'signal'>

/**
 * A folder of a commit (`at`, a latin1 name; '' is its top) as a checkout would have it, without one. Throws an UnusualError where that
 * cannot be told from git's objects alone: filters and other attributes that change files, submodules that are wanted or that the config
 * does not say anything about (null), names that a file system may not keep.
 */
export async function commitFolder(
  commit: string,
  at: string,
  submodules: boolean | null,
  run: Run,
): Promise<Folder<BlobFile>> {
  const all = await treeOf(commit, run)
  refuseUnusual(all, submodules)
  if (at !== '') refuseOddPlace(at, all)
  const prefix = at === '' ? '' : `${at}/`
  const entries = all
    .filter(({ path }) => path.startsWith(prefix))
    .map(entry => ({ ...entry, path: entry.path.slice(prefix.length) }))
  const known = new Map(entries.map(entry => [entry.path, entry]))
  const contents = async (paths: readonly string[]) => {
    const files = paths.map(path => known.get(path)).filter(entry => entry !== undefined && isFile(entry))
    const blobs = blobsOf(oidsOf(files), run)
    const read = new Map<string, Buffer>()
    for (const { path } of files as readonly TreeEntry[]) read.set(path, (await blobs.next()).value as Buffer)
    return paths.map(path => read.get(path) ?? null)
  }
  const attributes = all.filter(({ path }) => /(^|\/)\.gitattributes$/.test(path))
  await refuseAttributes(attributes, run)
  const envFiles = entries.map(({ path }) => path).filter(path => /(^|\/)\.env[^/]*$/i.test(path))
  return {
    shown: `${commit.slice(0, 7)}:${at}`,
    has: path => known.has(path),
    deployignore: await deployignoreOf(known.get('.deployignore'), run),
    // There is nothing in a commit that git does not track. A folder is no env file, but may hold some.
    tracked: (path, folder) => !folder || envFiles.some(file => file.startsWith(`${path}/`)),
    ours: new Set(),
    async walk(judge) {
      const folders = itemsByFolder(entries)
      const found = await walk(folder => folders.get(folder) ?? [], judge, run.signal)
      const targets = await targetsOf(
        found.links.map(({ path }) => known.get(path) as TreeEntry),
        run,
      )
      return { ...found, links: found.links.map((link, i) => ({ ...link, target: targets[i] as string })) }
    },
    async trackedBelow(folders) {
      const beginnings = folders.map(folder => `${rawName(join(folder))}/`.replace('//', '/'))
      const paths = entries.filter(isFile).map(({ path }) => path)
      return paths.filter(path => beginnings.some(one => path.startsWith(one))).sort()
    },
    contents,
  }
}

/** A folder that is none, or that git might take for a repository: which of its files are tracked, only git can say. */
function refuseOddPlace(at: string, all: readonly TreeEntry[]): void {
  const known = new Map(all.map(entry => [entry.path, entry.mode]))
  if (known.get(at) !== '040000') throw new UnusualError(at)
  if ([at, ...parentsOf(at)].some(folder => known.has(`${folder}/HEAD`))) throw new UnusualError(`${at}/HEAD`)
}

async function refuseAttributes(files: readonly TreeEntry[], run: Run): Promise<void> {
  for await (const bytes of blobsOf(oidsOf(files), run))
    if (!arePlain(bytes.toString('latin1'))) throw new UnusualError('.gitattributes')
}

async function deployignoreOf(entry: TreeEntry | undefined, run: Run): Promise<string> {
  if (entry === undefined) return ''
  if (!isFile(entry)) throw new UnusualError(entry.path)
  const { value } = await blobsOf([entry.oid], run).next()
  return (value as Buffer).toString('latin1').replace(/^\xef\xbb\xbf/, '')
}

/** Where links point. Throws where a checkout would have files in place of them, or could have none. */
async function targetsOf(links: readonly TreeEntry[], run: Run): Promise<readonly string[]> {
  if (links.length === 0) return []
  const asked = ['config', '--type=bool', '--get', 'core.symlinks']
  if ((await tryGit(asked, run)).stdout === 'false') throw new UnusualError('core.symlinks')
  const targets: string[] = []
  for await (const bytes of blobsOf(oidsOf(links), run)) targets.push(bytes.toString('latin1'))
  if (targets.some(target => target === '' || target.length > 4_000 || target.includes('\0')))
    throw new UnusualError('a symbolic link')
  return targets
}

function itemsByFolder(entries: readonly TreeEntry[]): ReadonlyMap<string, readonly Item<BlobFile>[]> {
  const folders = new Map<string, Item<BlobFile>[]>()
  for (const entry of entries) {
    const siblings = folders.get(parentOf(entry.path)) ?? []
    siblings.push(itemOf(entry))
    folders.set(parentOf(entry.path), siblings)
  }
  return folders
}

function itemOf(entry: TreeEntry): Item<BlobFile> {
  const { path, mode, oid } = entry
  if (isFolder(entry)) return { kind: 'folder', path }
  if (isLink(entry)) return { kind: 'link', path }
  return { kind: 'file', path, mode: Number.parseInt(mode, 8) & 0o100 ? '755' : '644', oid }
}

function oidsOf(entries: readonly (TreeEntry | undefined)[]): readonly string[] {
  return entries.flatMap(entry => entry?.oid ?? [])
}
