import { digestOf, type Manifest, parseManifest } from '../../artifact/manifest/manifest.js'
import { readManifest } from '../../scripts/read/read-manifest.js'
import { currentEntry } from '../../state/current.js'
import type { HostState } from '../../state/host-state.js'
import { onEach } from '../each.js'
import type { Session } from '../session.js'
import { longestList, unzipped } from './unzipped.js'

/**
 * Manifests of what the hosts serve, by digest: those known here, and for the others read from one host that has it.
 * One that cannot be read, or is not what its digest says, is left out: then everything is sent.
 */
export async function readBases(
  fleet: readonly { readonly session: Session; readonly state: HostState }[],
  known: (digest: string) => Manifest | null,
): Promise<ReadonlyMap<string, Manifest>> {
  const bases = new Map<string, Manifest>()
  const wanted = new Map<string, { readonly session: Session; readonly root: string; readonly release: string }>()
  for (const { session, state } of fleet) {
    const entry = currentEntry(state)
    if (!entry?.digest || bases.has(entry.digest)) continue
    const here = known(entry.digest)
    if (here !== null) bases.set(entry.digest, here)
    else wanted.set(entry.digest, { session, root: state.root, release: entry.id })
  }
  await onEach([...wanted], 8, async ([digest, { session, root, release }]) => {
    const result = await session.run(readManifest(root, release), { timeout: 60_000 })
    const manifest = result.code === 0 ? parsed(result.stdout) : null
    if (manifest !== null && digestOf(manifest) === digest) bases.set(digest, manifest)
  })
  return bases
}

function parsed(gzipped: Buffer): Manifest | null {
  const text = unzipped(gzipped, longestList)
  try {
    return text === null ? null : parseManifest(text)
  } catch {
    return null
  }
}
