import type { StoredArtifact } from '../../src/store/artifacts.js'

/** Of one file. */
export const artifact: StoredArtifact = {
  manifest: Buffer.from('manifest'),
  payload: {
    data: Buffer.from('tree'),
    zip: 'gzip',
    files: 1,
    bytes: 4,
    links: 0,
    folders: 0,
    names: ['./a'],
    entries: 1,
    unlinked: 1,
    sum: 'b'.repeat(64),
  },
}
