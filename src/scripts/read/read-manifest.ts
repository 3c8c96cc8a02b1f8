import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { enter } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'

/**
 * Prints a release's manifest, or another list of it, gzipped. Changes nothing. Exit: releaseMissing.
 * gzip does not get the file itself: it came out of a tar with the time 0, which gzip warns of with exit 2.
 */
export function readManifest(root: string, release: string, list = paths.manifest(release)): Script {
  return script('read manifest', [
    enter(root),
    sh`[ -f ${list} ] || exit ${codes.releaseMissing}
cat ${list} | gzip -c`,
  ])
}
