import { lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs'
import { pauseOften } from '../event-loop.js'
import { onDisk } from '../printable-names.js'
import type { Judge, Verdict } from './judge.js'
import { byPath } from './tree.js'

/** What a walk found, sorted by path. Links are never followed. */
export interface Found {
  readonly files: readonly FoundFile[]
  readonly links: readonly { readonly kind: 'link'; readonly path: string; readonly target: string }[]
  readonly folders: readonly { readonly kind: 'folder'; readonly path: string }[]
  /** Sockets, fifos and devices: what they are, by path. */
  readonly special: readonly { readonly path: string; readonly what: string }[]
  /** What was asked for and yet left out: the topmost path of each. */
  readonly leftOut: readonly { readonly path: string; readonly why: Verdict }[]
}

export interface FoundFile {
  readonly kind: 'file'
  readonly path: string
  readonly mode: '644' | '755'
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

/** Lists the tree below `root` (names as latin1), asking `judge` about every path. Other work gets its turn meanwhile. */
export async function walk(root: string, judge: Judge, signal?: AbortSignal | undefined): Promise<Found> {
  const found = { files: [], links: [], folders: [], special: [], leftOut: [] } as Collecting
  const open = ['']
  const pause = pauseOften(signal)
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    for (const name of readdirSync(onDisk(root, folder), { encoding: 'latin1' })) {
      const path = folder === '' ? name : `${folder}/${name}`
      if (sort(root, path, judge, found)) open.push(path)
    }
    await pause()
  }
  for (const list of Object.values(found)) list.sort(byPath)
  return found
}

export function stampOf({ ino, size, mtimeMs, ctimeMs }: Stats): Stamp {
  return { ino, size, mtimeMs, ctimeMs }
}

type Collecting = { -readonly [list in keyof Found]: Found[list][number][] }

/** Puts one path where it belongs. True: a folder to go into. */
function sort(root: string, path: string, judge: Judge, found: Collecting): boolean {
  const stats = lstatSync(onDisk(root, path))
  const verdict = judge(path, stats.isDirectory())
  if (verdict === 'through') return true
  if (verdict !== 'in') {
    if (verdict !== 'unlisted' && verdict !== 'ours') found.leftOut.push({ path, why: verdict })
    return false
  }
  if (stats.isFile()) found.files.push({ kind: 'file', path, mode: modeOf(stats), stamp: stampOf(stats) })
  else if (stats.isDirectory()) found.folders.push({ kind: 'folder', path })
  else if (stats.isSymbolicLink()) found.links.push({ kind: 'link', path, target: targetOf(root, path) })
  else found.special.push({ path, what: kindOf(stats) })
  return stats.isDirectory()
}

function modeOf(stats: Stats): '644' | '755' {
  return stats.mode & 0o100 ? '755' : '644'
}

function targetOf(root: string, path: string): string {
  return readlinkSync(onDisk(root, path), { encoding: 'latin1' })
}

function kindOf(stats: Stats): string {
  if (stats.isSocket()) return 'socket'
  if (stats.isFIFO()) return 'fifo'
  return 'device'
}
