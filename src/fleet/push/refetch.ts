import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { type Frozen, keep, keepPack, unnamedContent } from '../../artifact/cache/store.js'
import { digestOf, type Manifest, parseManifest } from '../../artifact/manifest/manifest.js'
import { readContents, readManifest } from '../../scripts/read/contents.js'
import type { Script } from '../../scripts/shell/shell.js'
import type { Session } from '../session.js'
import { longestList, unzipped } from './scripts-up-to.js'

/** The bytes of a release, read back from a host that holds it and kept here; null when they are not those of its digest. */
export async function refetch(
  session: Session,
  from: { readonly root: string; readonly release: string; readonly digest: string },
  cacheDir: string,
): Promise<Frozen | null> {
  const manifest = asManifest(await read(session, readManifest(from.root, from.release), longestList))
  if (manifest === null || digestOf(manifest) !== from.digest) return null
  const bytes = await read(session, readContents(from.root, from.release), sizeOf(manifest))
  const contents = bytes === null ? null : cut(manifest, bytes)
  if (contents === null) return null
  const written = unnamedContent(cacheDir)
  writeFileSync(written, Buffer.concat([...contents.values()]), { mode: 0o600 })
  const index = [...contents].map(([sha256, { length }]) => ({ sha256, size: length }))
  return keep(cacheDir, manifest, [keepPack(cacheDir, index, written)])
}

/** Around the session, so that a whole release does not go into the log. */
async function read(session: Session, script: Script, size: number): Promise<Buffer | null> {
  // What cannot be made smaller by gzip gets a little larger.
  const most = size + (size >> 8) + (1 << 16)
  const { code, stdout } = await session.connection().run(script, { timeout: 1_800_000, most })
  return code === 0 ? unzipped(stdout, size) : null
}

/** Bytes of all files, each as often as it is there. */
function sizeOf(manifest: Manifest): number {
  return manifest.lines.reduce((sum, line) => sum + Number(/^f \d+ (\d+) /.exec(line)?.[1] ?? 0), 0)
}

function asManifest(text: Buffer | null): Manifest | null {
  try {
    return text === null ? null : parseManifest(text)
  } catch {
    return null
  }
}

/** Every content by its sha256, each checked; the host sent them in the order of the manifest's lines. */
function cut(manifest: Manifest, bytes: Buffer): ReadonlyMap<string, Buffer> | null {
  const contents = new Map<string, Buffer>()
  let at = 0
  for (const line of manifest.lines) {
    const [, size, sha256] = /^f \d+ (\d+) ([0-9a-f]{64}) /.exec(line) ?? []
    if (size === undefined || sha256 === undefined) continue
    const content = bytes.subarray(at, at + Number(size))
    if (createHash('sha256').update(content).digest('hex') !== sha256) return null
    contents.set(sha256, content)
    at += content.length
  }
  return at === bytes.length ? contents : null
}
