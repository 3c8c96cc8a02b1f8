import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { privateFolder } from '../../cache-folder.js'
import { digestOf, type Manifest, parseManifest, textOf } from '../manifest/manifest.js'
import {
  forgetPack,
  type Index,
  indexFileOf,
  nameOfIndex,
  type Pack,
  packNamed,
  placeIn,
  textOfIndex,
} from './packs.js'

/**
 * The frozen bytes of an artifact: `.manifest` and `.packs`, named by its digest. The packs that it names hold every content of its
 * files; they may be those of another artifact, so that what did not change is not written again.
 */
export interface Frozen {
  readonly manifest: Manifest
  readonly digest: string
  /** The folder that it lies in. */
  readonly folder: string
  /** The newest first. */
  readonly packs: readonly Pack[]
}

export function artifactsIn(cacheDir: string): string {
  return join(cacheDir, 'artifacts')
}

/** A name for a file that is being written. */
export function unnamedContent(cacheDir: string): string {
  mkdirSync(artifactsIn(cacheDir), { recursive: true, mode: 0o700 })
  return join(artifactsIn(cacheDir), `${process.pid}-${process.hrtime.bigint()}.tmp`)
}

/** Gives written contents their name. */
export function keepPack(cacheDir: string, index: Index, written: string): Pack {
  const text = textOfIndex(index)
  const size = index.reduce((sum, item) => sum + item.size, 0)
  const pack = packNamed(artifactsIn(cacheDir), nameOfIndex(text), size)
  writeFileSync(`${written}.index`, text, { mode: 0o600 })
  renameSync(`${written}.index`, indexFileOf(pack))
  renameSync(written, pack.content)
  return pack
}

/** Keeps an artifact whose contents are in these packs. The manifest comes last: without it nothing is there. */
export function keep(cacheDir: string, manifest: Manifest, packs: readonly Pack[]): Frozen {
  const digest = digestOf(manifest)
  const paths = pathsIn(artifactsIn(cacheDir), digest)
  const written = unnamedContent(cacheDir)
  for (const [path, text] of [
    [paths.packs, packs.map(lineOf).join('')],
    [paths.manifest, textOf(manifest)],
  ] as const) {
    writeFileSync(written, text, { mode: 0o600 })
    renameSync(written, path)
  }
  return { manifest, digest, folder: artifactsIn(cacheDir), packs }
}

function lineOf({ content, size }: Pack): string {
  return `${content.replace(/^.*\/|\.content$/g, '')} ${size}\n`
}

/** What was kept under a digest; null when it is not there or not whole. Its bytes are checked when they are used. */
export function recall(cacheDir: string, digest: string): Frozen | null {
  const frozen = recallIn(artifactsIn(cacheDir), digest)
  if (frozen !== null) utimesSync(pathsIn(frozen.folder, digest).manifest, new Date(), new Date())
  return frozen
}

/** What was kept under a digest where these bytes are kept; null when it is not there or not whole. */
export function recallBeside({ folder }: Frozen, digest: string): Frozen | null {
  return recallIn(folder, digest)
}

/** Removes an artifact, a content of which was not what it should be, and the pack that is to blame; all of them where none has it. */
export function forget({ folder, digest, packs }: Frozen, sha256: string): void {
  const place = placeIn(packs, sha256)
  for (const path of Object.values(pathsIn(folder, digest))) rmSync(path, { force: true })
  for (const pack of place === null ? packs : [place.pack]) forgetPack(pack)
}

function recallIn(folder: string, digest: string): Frozen | null {
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) return null
  const paths = pathsIn(folder, digest)
  const packs = packsIn(paths.packs)
  if (packs === null || !packs.every(isWhole)) return null
  const manifest = readIntact(paths.manifest, digest)
  return manifest === null ? null : { manifest, digest, folder, packs }
}

/** The packs that a `.packs` file names; null where it is none. */
export function packsIn(file: string): readonly Pack[] | null {
  try {
    return readFileSync(file, 'latin1')
      .split('\n')
      .slice(0, -1)
      .map(line => {
        const [, name = '', size] = /^([0-9a-f]{64}) (\d+)$/.exec(line) ?? []
        if (size === undefined) throw new Error(`not a line of packs: ${line}`)
        return packNamed(dirname(file), name, Number(size))
      })
  } catch {
    return null
  }
}

function isWhole(pack: Pack): boolean {
  return statSync(pack.content, { throwIfNoEntry: false })?.size === pack.size && existsSync(indexFileOf(pack))
}

function pathsIn(folder: string, digest: string): { readonly packs: string; readonly manifest: string } {
  const base = join(folder, digest.replace('sha256:', ''))
  return { packs: `${base}.packs`, manifest: `${base}.manifest` }
}

function readIntact(file: string, digest: string): Manifest | null {
  try {
    const manifest = parseManifest(readFileSync(file))
    return digestOf(manifest) === digest ? manifest : null
  } catch {
    return null
  }
}

/**
 * Where it is noted what a build made, what a folder or a commit held, or what hosts confirmed: nothing proves it, and a folder of the
 * project may have come with its files. So it lies in the user's cache, for each project by itself. null: there is no cache of
 * ours alone; nothing is noted.
 */
export function notesOf(cacheDir: string, kind: 'builds' | 'commits' | 'seen' | 'records'): string | null {
  const own = privateFolder()
  const project = createHash('sha256').update(cacheDir).digest('hex').slice(0, 32)
  return own && join(own, 'projects', project, kind)
}
