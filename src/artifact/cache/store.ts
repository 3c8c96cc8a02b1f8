import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { privateFolder } from '../../cache-folder.js'
import { digestOf, entriesOf, type Manifest, parseManifest, textOf } from '../manifest/manifest.js'

/**
 * The frozen bytes of an artifact, two files named by its digest: `.manifest`, and `.content` with every distinct file
 * content once, in the order of the paths that have it first. So the manifest is the index too (`offsetsOf`), the same
 * files make the same two files, and it does not matter which of two processes wrote them.
 */
export interface Frozen {
  readonly manifest: Manifest
  readonly digest: string
  /** Path of the content on disk. */
  readonly content: string
}

export function artifactsIn(cacheDir: string): string {
  return join(cacheDir, 'artifacts')
}

/** A name for a content file that is being written. */
export function unnamedContent(cacheDir: string): string {
  mkdirSync(artifactsIn(cacheDir), { recursive: true, mode: 0o700 })
  return join(artifactsIn(cacheDir), `${process.pid}-${process.hrtime.bigint()}.tmp`)
}

/** Gives written content its name. The manifest comes last: without it the content is not there. */
export function keep(cacheDir: string, manifest: Manifest, written: string): Frozen {
  const digest = digestOf(manifest)
  const paths = pathsOf(cacheDir, digest)
  renameSync(written, paths.content)
  writeFileSync(`${written}.manifest`, textOf(manifest), { mode: 0o600 })
  renameSync(`${written}.manifest`, paths.manifest)
  return { manifest, digest, content: paths.content }
}

/** What was kept under a digest; null when it is not there or not whole. Its bytes are checked when they are used. */
export function recall(cacheDir: string, digest: string): Frozen | null {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return null
  const paths = pathsOf(cacheDir, digest)
  const manifest = readIntact(paths, digest)
  if (manifest === null) return null
  utimesSync(paths.manifest, new Date(), new Date())
  return { manifest, digest, content: paths.content }
}

/** What was kept under a digest where these bytes are kept; null when it is not there or not whole. */
export function recallBeside({ content }: Frozen, digest: string): Frozen | null {
  const paths = pathsIn(dirname(content), digest)
  const manifest = readIntact(paths, digest)
  return manifest === null ? null : { manifest, digest, content: paths.content }
}

/** Removes an artifact by the path of its content. */
export function forget(content: string): void {
  rmSync(content.replace(/\.content$/, '.manifest'), { force: true })
  rmSync(content, { force: true })
}

/** Where each distinct content (by sha256) begins. */
export function offsetsOf(manifest: Manifest): Offsets {
  const known = allOffsets.get(manifest) ?? findOffsets(manifest)
  allOffsets.set(manifest, known)
  return known
}

interface Offsets {
  readonly offsets: ReadonlyMap<string, number>
  readonly total: number
}

/** As entries are: of many files it takes a while, and is asked for often. */
const allOffsets = new WeakMap<Manifest, Offsets>()

function findOffsets(manifest: Manifest): Offsets {
  const offsets = new Map<string, number>()
  let total = 0
  for (const entry of entriesOf(manifest)) {
    if (entry.kind !== 'file' || offsets.has(entry.sha256)) continue
    offsets.set(entry.sha256, total)
    total += entry.size
  }
  return { offsets, total }
}

function pathsOf(cacheDir: string, digest: string): { readonly content: string; readonly manifest: string } {
  return pathsIn(artifactsIn(cacheDir), digest)
}

function pathsIn(folder: string, digest: string): { readonly content: string; readonly manifest: string } {
  const base = join(folder, digest.replace('sha256:', ''))
  return { content: `${base}.content`, manifest: `${base}.manifest` }
}

function readIntact(paths: { readonly content: string; readonly manifest: string }, digest: string): Manifest | null {
  try {
    const manifest = parseManifest(readFileSync(paths.manifest))
    const whole = statSync(paths.content).size === offsetsOf(manifest).total
    return whole && digestOf(manifest) === digest ? manifest : null
  } catch {
    return null
  }
}

/**
 * Where it is noted what a build made, what a folder held, or what hosts confirmed: nothing proves it, and a folder of the
 * project may have come with its files. So it lies in the user's cache, for each project by itself. null: there is no cache of
 * ours alone; nothing is noted.
 */
export function notesOf(cacheDir: string, kind: 'builds' | 'seen' | 'records'): string | null {
  const own = privateFolder()
  const project = createHash('sha256').update(cacheDir).digest('hex').slice(0, 32)
  return own && join(own, 'projects', project, kind)
}
