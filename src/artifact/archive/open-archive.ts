import { closeSync, createReadStream, openSync, readSync } from 'node:fs'
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { ArchiveError } from './archive-error.js'

/** From Node 22.15 on. */
const { createZstdDecompress } = zlib as typeof zlib & { readonly createZstdDecompress?: () => Transform }

const block = 512

/** The bytes of an archive's file, and what they go through before they are a tar. */
export interface OpenArchive {
  readonly bytes: ReturnType<typeof createReadStream>
  readonly unzip: Transform | null
}

/** By its first bytes, whatever its name is. Throws ArchiveError for what is no tar, or cannot be read by this Node. */
export function openArchive(file: string): OpenArchive {
  const unzip = unzipFor(file, beginningOf(file))
  return { bytes: createReadStream(file), unzip }
}

function unzipFor(file: string, head: Buffer): Transform | null {
  if (begins(head, '1f8b')) return zlib.createGunzip()
  if (begins(head, '28b52ffd')) return zstdOf(file)
  if (head.length === block && head.toString('latin1', 257, 262) === 'ustar') return null
  const other = others.find(([magic]) => begins(head, magic))?.[1]
  throw new ArchiveError(file, `is ${other ?? 'no tar'}`, {
    next: ['make a tar of it (plain, gzip or zstd): tar -czf app.tgz -C dist .'],
  })
}

function zstdOf(file: string): Transform {
  if (createZstdDecompress !== undefined) return createZstdDecompress()
  throw new ArchiveError(file, `is compressed with zstd, which Node ${process.versions.node} cannot read`, {
    next: ['use Node 22.15 or newer, or compress it with gzip'],
  })
}

const others = [
  ['504b0304', 'a zip'],
  ['fd377a585a00', 'compressed with xz'],
  ['425a68', 'compressed with bzip2'],
] as const

function begins(head: Buffer, magic: string): boolean {
  return head.subarray(0, magic.length / 2).toString('hex') === magic
}

function beginningOf(file: string): Buffer {
  const head = Buffer.alloc(block)
  const opened = openSync(file, 'r')
  try {
    return head.subarray(0, readSync(opened, head))
  } finally {
    closeSync(opened)
  }
}
