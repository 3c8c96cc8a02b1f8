import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { FileEntry } from '../manifest/entry.js'

/**
 * A file with contents one after the other (`.content`), and beside it the list of their sha256 and sizes (`.index`). It is named by the
 * sha256 of that list: it does not matter which of two processes wrote it. It never changes.
 */
export interface Pack {
  /** Path of its content. */
  readonly content: string
  /** Bytes. */
  readonly size: number
}

export interface Place {
  readonly pack: Pack
  /** Bytes. */
  readonly from: number
}

/** Contents in the order that a pack has them. */
export type Index = readonly { readonly sha256: string; readonly size: number }[]

export function textOfIndex(index: Index): string {
  return index.map(({ sha256, size }) => `${sha256} ${size}\n`).join('')
}

export function packNamed(folder: string, name: string, size: number): Pack {
  return { content: join(folder, `${name}.content`), size }
}

export function nameOfIndex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

export function indexFileOf({ content }: Pick<Pack, 'content'>): string {
  return content.replace(/\.content$/, '.index')
}

/** The pack that has a content; null: none of them, as far as their lists can be read. */
export function placeIn(packs: readonly Pack[], sha256: string): Place | null {
  for (const pack of packs) {
    const from = offsetsIn(pack).get(sha256)
    if (from !== undefined) return { pack, from }
  }
  return null
}

export function forgetPack(pack: Pick<Pack, 'content'>): void {
  rmSync(indexFileOf(pack), { force: true })
  rmSync(pack.content, { force: true })
}

/** Where each content of a pack begins. */
function offsetsIn(pack: Pack): ReadonlyMap<string, number> {
  const known = allOffsets.get(pack) ?? readOffsets(pack)
  allOffsets.set(pack, known)
  return known
}

/** The list of a large pack takes a while, and is asked for often. */
const allOffsets = new WeakMap<Pack, ReadonlyMap<string, number>>()

function readOffsets(pack: Pack): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>()
  let end = 0
  for (const line of readList(pack).split('\n')) {
    const [, sha256, size] = /^([0-9a-f]{64}) (\d+)$/.exec(line) ?? []
    if (sha256 === undefined) continue
    offsets.set(sha256, end)
    end += Number(size)
  }
  return offsets
}

function readList(pack: Pack): string {
  try {
    return readFileSync(indexFileOf(pack), 'latin1')
  } catch {
    return ''
  }
}

/** Reads contents of packs, the newest of which come first; each is opened when it is needed. */
export function openPacks(packs: readonly Pack[]) {
  const open = new Map<Pack, number>()
  const fileOf = (pack: Pack) => {
    const known = open.get(pack) ?? openSync(pack.content, 'r')
    open.set(pack, known)
    return known
  }
  /** Fills `bytes` with a content from `at` on; how many of them there were: none where no pack has it. */
  const read = (sha256: string, bytes: Uint8Array, at = 0): number => {
    const place = placeIn(packs, sha256)
    return place === null ? 0 : readSync(fileOf(place.pack), bytes, 0, bytes.length, place.from + at)
  }
  return {
    read,
    /** A whole file; null: what is there is not what its manifest says. */
    whole({ sha256, size }: FileEntry): Buffer | null {
      const bytes = Buffer.allocUnsafe(size)
      const got = read(sha256, bytes)
      return got === size && createHash('sha256').update(bytes).digest('hex') === sha256 ? bytes : null
    },
    close() {
      for (const file of open.values()) closeSync(file)
    },
  }
}
