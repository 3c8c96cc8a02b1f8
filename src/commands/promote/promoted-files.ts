import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpackArchive } from '../../artifact/archive/unpack-archive.js'
import { marksOfWhole } from '../../artifact/cache/built-for.js'
import { isContent } from '../../artifact/cache/contents.js'
import { type Frozen, keep, keepPack, recall, unnamedContent } from '../../artifact/cache/store.js'
import { digestOf, entriesOf, type Manifest, parseManifest } from '../../artifact/manifest/manifest.js'
import { onDisk } from '../../artifact/printable-names.js'
import { binariesIn } from '../../artifact/suspect-files.js'
import { inWorkspace, workspacesOf } from '../../artifact/workspace.js'
import { PreflightError } from '../../errors.js'
import { refetch } from '../../fleet/push/refetch.js'
import type { Binary } from '../../state/platform.js'
import type { Promotable } from '../../state/promotable.js'
import { readArtifact, type StoredArtifact } from '../../store/artifacts.js'
import { StoreError } from '../../store/store.js'
import type { Context } from '../context/context.js'
import type { Fleet } from '../context/read-fleet.js'

/** Bytes of a release's payload, as much as is ever made of one. */
const mostBytes = 2 ** 31

/** The very files of a release, every one of them checked. */
export interface PromotedFiles {
  readonly frozen: Frozen
  /** The programs and libraries among them, by their bytes. */
  readonly binaries: readonly Binary[]
  /** What gave them, for people. */
  readonly from: string
}

/** From the first that gives them: what was kept here, the stage's store, its hosts one after the other; null: nobody does. */
export async function promotedFiles(context: Context, fleet: Fleet, what: Promotable): Promise<PromotedFiles | null> {
  const { release, digest } = what
  const sources: readonly [from: string, give: () => Promise<Frozen | null>][] = [
    ['the local cache', async () => recall(context.cacheDir, digest)],
    [context.store.name ?? 'the store', () => fromStore(context, what)],
    ...fleet.map(({ session, state }): (typeof sources)[number] => [
      state.name,
      () => refetch(session, { root: state.root, release, digest }, context.cacheDir),
    ]),
  ]
  for (const [from, give] of sources) {
    const frozen = await give()
    const marks = frozen === null ? null : marksOfWhole(frozen)
    if (frozen !== null && marks !== null) return { frozen, binaries: binariesIn(frozen.manifest, marks), from }
  }
  return null
}

/** A store that is away, or holds something else under the digest, is no reason to stop: hosts have the files, too. */
async function fromStore(context: Context, { digest }: Promotable): Promise<Frozen | null> {
  try {
    const store = await context.store.open()
    const stored = store === null ? null : await readArtifact(store, context.config.app, digest, mostBytes)
    return stored === null ? null : await asFrozen(context, stored, digest)
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof PreflightError)) throw error
    const text = `${context.store.name} gives nothing of it: ${error.message}`
    context.emit({ type: 'note', level: 'warning', host: null, text })
    return null
  }
}

async function asFrozen({ config, cacheDir }: Context, stored: StoredArtifact, digest: string): Promise<Frozen | null> {
  const manifest = manifestIn(stored.manifest)
  if (manifest === null || digestOf(manifest) !== digest) return null
  return inWorkspace(workspacesOf(config.root), async dir => {
    const file = join(dir, '..', 'payload')
    writeFileSync(file, stored.payload.data, { mode: 0o600 })
    await unpackArchive(file, dir)
    return keptOf(manifest, path => readIn(onDisk(dir, `tree/${path}`)), cacheDir)
  })
}

function manifestIn(text: Uint8Array): Manifest | null {
  try {
    return parseManifest(Buffer.from(text))
  } catch {
    return null
  }
}

/** What was unpacked; null where that had no such file. */
function readIn(file: string | Buffer): Buffer | null {
  try {
    return readFileSync(file)
  } catch {
    return null
  }
}

/** Null: one of them is not what the manifest says. */
function keptOf(manifest: Manifest, read: (path: string) => Buffer | null, cacheDir: string): Frozen | null {
  const contents = new Map<string, Buffer>()
  for (const entry of entriesOf(manifest)) {
    if (entry.kind !== 'file' || contents.has(entry.sha256)) continue
    const bytes = read(entry.path)
    if (bytes === null || !isContent(bytes, entry.sha256)) return null
    contents.set(entry.sha256, bytes)
  }
  const written = unnamedContent(cacheDir)
  writeFileSync(written, Buffer.concat([...contents.values()]), { mode: 0o600 })
  const index = [...contents].map(([sha256, { length }]) => ({ sha256, size: length }))
  return keep(cacheDir, manifest, [keepPack(cacheDir, index, written)])
}
