import { entriesOf, type Manifest } from '../../artifact/manifest/manifest.js'
import { printable, rawName } from '../../artifact/printable-names.js'
import { parentsOf } from '../../artifact/select/tree.js'
import type { Config } from '../../config/config.js'
import { PreflightError } from '../../errors.js'

/** Shared paths are never packed: of a release that was packed for a stage with others, some may be in the way. */
export function demandSharable({ stage, shared }: Config, manifest: Manifest, from: string): void {
  const paths = [...shared.dirs, ...shared.files].map(rawName)
  const isInWay = (path: string, kind: string) =>
    paths.some(
      one => one === path || path.startsWith(`${one}/`) || (kind !== 'folder' && parentsOf(one).includes(path)),
    )
  const clashing = entriesOf(manifest).find(({ path, kind }) => isInWay(path, kind))
  if (clashing === undefined) return
  const path = printable(clashing.path)
  throw new PreflightError(`${stage} shares what the release of ${from} has files at: ${path}.`, {
    changed: 'nothing',
    next: ['give both stages the same "shared", deploy to the first, and promote then'],
  })
}
