import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { enter } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'

/** Prints the contents of all files of a release, one after the other in the order of its manifest, gzipped. Changes nothing. Exit: releaseMissing. */
export function readContents(root: string, release: string): Script {
  return script('read contents', [
    enter(root),
    treeFunctions,
    sh`m=$PWD/${paths.manifest(release)}
[ -f "$m" ] && cd -- ${paths.release(release)} || exit ${codes.releaseMissing}
names f "$m" | xargs -0 -r cat -- | gzip -c`,
  ])
}
