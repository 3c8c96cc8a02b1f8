import { paths } from '../release/paths.js'
import { codes } from './codes.js'
import { enter } from './place.js'
import { type Script, script, sh } from './shell.js'

/** Prints a release's manifest, gzipped. Changes nothing. Exit: releaseMissing. */
export function readManifest(root: string, release: string): Script {
  return script('read manifest', [enter(root), sh`[ -f ${paths.manifest(release)} ] || exit ${codes.releaseMissing}
gzip -c ${paths.manifest(release)}`])
}
