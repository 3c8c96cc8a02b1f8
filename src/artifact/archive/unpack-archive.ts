import { closeSync, copyFileSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { onDisk, printable, rawName } from '../printable-names.js'
import { parentOf } from '../select/tree.js'
import { ArchiveError } from './archive-error.js'
import { openArchive } from './open-archive.js'
import { type Header, type Judged, scanArchive } from './scan.js'

/** What an archive may come to on disk. */
export interface Bounds {
  readonly entries: number
  readonly bytes: number
  /** Beyond `small` bytes: as many times the bytes of the file itself. */
  readonly times: number
  readonly small: number
}

const usual: Bounds = { entries: 1_000_000, bytes: 64 * 2 ** 30, times: 200, small: 2 ** 30 }

/** Entries that are named in a refusal. */
const told = 10

/**
 * Unpacks a tar into an empty folder. Every entry is judged before anything of it is written, and links are made when all
 * files are there, so that nothing is ever written through one. Throws ArchiveError with the names of what was refused.
 */
export async function unpackArchive(
  file: string,
  dir: string,
  signal?: AbortSignal | undefined,
  bounds: Bounds = usual,
): Promise<void> {
  const { bytes, unzip } = openArchive(file)
  const { extract } = await import('tar-stream')
  // Its types do not know the option.
  const tar = extract({ filenameEncoding: 'latin1' } as object)
  const end = watchEnd()
  const [counted, judge] = [counter(file, bounds, () => bytes.bytesRead), scanArchive()]
  const refused: string[] = []
  const links: Extract<Judged, { kind: 'link' }>[] = []
  const reading = pipeline([bytes, ...(unzip === null ? [] : [unzip]), end.tap, tar], { signal })
  // It is awaited below; until then its failure is that of the loop.
  reading.catch(() => {})
  try {
    for await (const entry of tar) {
      const judged = judge(headerOf(entry.header as Read))
      counted(judged)
      if (judged.kind === 'refused') refused.push(`${printable(judged.path)} ${printable(judged.why)}`)
      if (judged.kind === 'link') links.push(judged)
      if (judged.kind === 'file' && refused.length === 0) await write(dir, judged, entry as AsyncIterable<Uint8Array>)
      else entry.resume()
      if (refused.length === 0) make(dir, judged)
    }
    await reading
  } catch (error) {
    throw readError(file, error, signal)
  }
  if (refused.length > 0) throw refusal(file, refused)
  if (!end.isWhole()) throw new ArchiveError(file, 'is cut off: it has no end', { next: ['build it again'] })
  for (const { path, target } of links) link(file, dir, path, target)
}

interface Read {
  readonly name: string
  readonly type?: string | null | undefined
  readonly mode?: number | undefined
  readonly size?: number | undefined
  readonly linkname?: string | null | undefined
  readonly pax?: Readonly<Record<string, string>> | null | undefined
}

/** Names in a pax header are UTF-8, and were read as such; all others came byte by byte. */
function headerOf({ name, type = null, mode = 0, size = 0, linkname, pax }: Read): Header {
  const target = linkname ?? ''
  return {
    type,
    name: pax?.path === undefined ? name : rawName(name),
    mode,
    size,
    target: pax?.linkpath === undefined ? target : rawName(target),
    sparse: Object.keys(pax ?? {}).some(key => key.startsWith('GNU.sparse.')),
  }
}

/** Throws where an archive comes to more than what an app is. */
function counter(file: string, bounds: Bounds, read: () => number): (judged: Judged) => void {
  let [entries, bytes] = [0, 0]
  return judged => {
    entries += 1
    bytes += judged.bytes
    const why =
      entries > bounds.entries
        ? `more than ${bounds.entries} entries`
        : bytes > bounds.bytes
          ? `more than ${bounds.bytes} bytes`
          : bytes > bounds.small && bytes > bounds.times * read()
            ? `more than ${bounds.times} times its own size`
            : null
    if (why === null) return
    throw new ArchiveError(file, `unpacks to ${why}, like a decompression bomb`, {
      details: [`${printable(judged.path)} is where it went beyond that`],
    })
  }
}

async function write(
  dir: string,
  { path, mode }: Extract<Judged, { kind: 'file' }>,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  mkdirSync(onDisk(dir, parentOf(path)), { recursive: true })
  const opened = openSync(onDisk(dir, path), 'wx', mode & 0o100 ? 0o755 : 0o644)
  try {
    for await (const chunk of content) writeFileSync(opened, chunk)
  } finally {
    closeSync(opened)
  }
}

/** What needs no bytes of the archive. */
function make(dir: string, judged: Judged): void {
  if (judged.kind === 'folder') mkdirSync(onDisk(dir, judged.path), { recursive: true })
  if (judged.kind !== 'copy') return
  mkdirSync(onDisk(dir, parentOf(judged.path)), { recursive: true })
  copyFileSync(onDisk(dir, judged.of), onDisk(dir, judged.path))
}

function link(file: string, dir: string, path: string, target: string): void {
  try {
    mkdirSync(onDisk(dir, parentOf(path)), { recursive: true })
    symlinkSync(Buffer.from(target, 'latin1'), onDisk(dir, path))
  } catch (error) {
    throw readError(file, error)
  }
}

/** A tar ends with blocks of zeros: one that does not is a part of one. */
function watchEnd() {
  let last = Buffer.alloc(0)
  const tap = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      last = Buffer.from(chunk.length < 512 ? Buffer.concat([last, chunk]).subarray(-512) : chunk.subarray(-512))
      done(null, chunk)
    },
  })
  return { tap, isWhole: () => last.length === 512 && last.every(byte => byte === 0) }
}

function refusal(file: string, refused: readonly string[]): ArchiveError {
  const more = refused.length > told ? [`and ${refused.length - told} more`] : []
  return new ArchiveError(file, 'holds what no release may hold', {
    details: [...refused.slice(0, told), ...more],
    next: ['leave that out where the artifact is made'],
  })
}

function readError(file: string, error: unknown, signal?: AbortSignal | undefined): unknown {
  signal?.throwIfAborted()
  if (error instanceof ArchiveError) return error
  return new ArchiveError(file, 'could not be unpacked', {
    details: [(error as Error).message],
    next: ['build it again, and look whether it is all there'],
  })
}
