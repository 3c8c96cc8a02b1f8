import { spawn } from 'node:child_process'
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import {
  createReadStream,
  createWriteStream,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
} from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { privateFolder } from '../../cache-folder.js'

/** Folders of a build as they once were: one tar, whose name has its own hash in it. */
export interface Kept {
  readonly file: string
  readonly sha256: string
  readonly bytes: number
  /** When it was made or used last. */
  readonly used: Date
}

/** A tar that is no part of the cache until `keep`. */
export interface Draft {
  readonly keep: () => void
  readonly drop: () => void
}

export interface Bounds {
  readonly bytes: number
  readonly count: number
  readonly days: number
}

/** Of all projects together. */
export const bounds: Bounds = { bytes: 5_000_000_000, count: 20, days: 30 }

/** What is kept under this key; null: nothing, or there is no cache that this account alone may write. */
export function findKept(key: string): Kept | null {
  return allKept().find(({ file }) => nameIn(file)?.key === key) ?? null
}

/** Puts the folders into `dir`. False where they are not what was kept: then nothing of them is left, nor in the cache. */
export async function unpackKept(
  kept: Kept,
  dir: string,
  paths: readonly string[],
  signal?: AbortSignal | undefined,
): Promise<boolean> {
  try {
    if ((await hashOf(kept.file, signal)) === kept.sha256 && (await unpacked(kept.file, dir, signal))) {
      utimesSync(kept.file, new Date(), new Date())
      return true
    }
  } catch {
    signal?.throwIfAborted()
  }
  for (const path of paths) rmSync(join(dir, path), { recursive: true, force: true })
  rmSync(kept.file, { force: true })
  return false
}

async function hashOf(file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash, { signal })
  return hash.digest('hex')
}

async function unpacked(file: string, dir: string, signal: AbortSignal | undefined): Promise<boolean> {
  return (await exitOf(spawn('tar', ['-xpof', file, '-C', dir], { stdio: 'ignore', signal }))) === 0
}

/** Copies what there is of these paths below `dir`; null: there is no cache of ours alone, or the copy failed. */
export async function draftOf(
  key: string,
  dir: string,
  paths: readonly string[],
  signal?: AbortSignal | undefined,
): Promise<Draft | null> {
  const folder = ownFolder()
  if (folder === null) return null
  const written = join(folder, `${process.pid}-${process.hrtime.bigint()}.tmp`)
  const drop = () => rmSync(written, { force: true })
  try {
    const hash = createHash('sha256')
    const tar = spawn('tar', ['-cf', '-', '-C', dir, '--', ...paths], { stdio: ['ignore', 'pipe', 'ignore'], signal })
    const ended = exitOf(tar)
    ended.catch(() => {})
    await pipeline(tar.stdout, through(hash), createWriteStream(written, { mode: 0o600, flags: 'wx' }), { signal })
    if ((await ended) !== 0) throw new Error('tar failed')
    return { drop, keep: () => keep(key, written, hash.digest('hex'), folder) }
  } catch {
    drop()
    signal?.throwIfAborted()
    return null
  }
}

function keep(key: string, written: string, sha256: string, folder: string): void {
  for (const { file } of allKept().filter(({ file }) => nameIn(file)?.key === key)) rmSync(file, { force: true })
  renameSync(written, join(folder, `${key}.${sha256}.tar`))
  pruneKept()
}

/** Removes what was used longest ago, beyond the bounds; and what a dead process left half written. */
export function pruneKept({ bytes, count, days }: Bounds = bounds, now = Date.now()): void {
  const folder = ownFolder()
  if (folder === null) return
  let total = 0
  for (const [i, kept] of allKept().entries()) {
    total += kept.bytes
    const isOld = now - kept.used.getTime() > days * day
    if (total > bytes || i >= count || isOld) rmSync(kept.file, { force: true })
  }
  for (const file of readdirSync(folder)
    .filter(name => name.endsWith('.tmp'))
    .map(name => join(folder, name)))
    if (now - (lstatSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now) > day) rmSync(file, { force: true })
}

const day = 86_400_000

/** The newest first. A file that another account may write is none of ours. */
function allKept(): readonly Kept[] {
  const folder = ownFolder()
  if (folder === null) return []
  return readdirSync(folder)
    .flatMap(name => {
      const file = join(folder, name)
      const stats = lstatSync(file, { throwIfNoEntry: false })
      const sha256 = nameIn(file)?.sha256
      if (sha256 === undefined || !stats?.isFile() || !isOurs(stats)) return []
      return [{ file, sha256, bytes: stats.size, used: stats.mtime }]
    })
    .sort((a, b) => b.used.getTime() - a.used.getTime())
}

function nameIn(file: string): { readonly key: string; readonly sha256: string } | null {
  const [, key, sha256] = /\/([0-9a-f]{64})\.([0-9a-f]{64})\.tar$/.exec(file) ?? []
  return key === undefined || sha256 === undefined ? null : { key, sha256 }
}

function ownFolder(): string | null {
  const own = privateFolder()
  if (own === null) return null
  const folder = join(own, 'dependencies')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const stats = lstatSync(folder)
    return stats.isDirectory() && isOurs(stats) ? folder : null
  } catch {
    return null
  }
}

function isOurs({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  return uid === process.getuid?.() && (mode & 0o022) === 0
}

function through(hash: Hash): Transform {
  return new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
}

async function exitOf(child: ReturnType<typeof spawn>): Promise<number | null> {
  const [code] = (await once(child, 'close')) as [number | null]
  return code
}
