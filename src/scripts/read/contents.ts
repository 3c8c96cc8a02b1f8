import { paths } from '../../release/paths.js'
import { codes } from '../shell/codes.js'
import { enter } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'
import { differingFunction } from './verify.js'

/** Prints `SIZE SHA256` of every content that was sealed in a release and is not there any more, gzipped. Changes nothing. Exit: releaseMissing. */
export function lostContents(root: string, release: string): Script {
  return script('lost contents', [
    enter(root),
    treeFunctions,
    differingFunction,
    sh`L=$PWD/${paths.sealed(release)}
cd -- ${paths.release(release)} 2>/dev/null && b=$(newline "$L") || exit ${codes.releaseMissing}
quick
differing | sed -n 's/^-f [0-7]* //p' | cut -d ' ' -f 1,2 | sort -u | gzip -c`,
  ])
}

/**
 * Of the contents that are asked for by their sha256 (hex), prints each that is in any sealed release here: a line
 * `SHA256 SIZE`, and its bytes; all of it gzipped. Changes nothing.
 */
export function heldContents(root: string, wanted: readonly string[]): Script {
  return script(
    'held contents',
    [
      enter(root),
      treeFunctions,
      sh`while IFS= read -r s; do
  for L in .clonedeploy/manifests/*.sealed; do
    r=\${L##*/}; r=\${r%.sealed}; ours "$r" || continue
    l=$(sed -n "/^f [0-7]* [0-9]* $s /{p;q;}" "$L"); [ -n "$l" ] || continue
    p=$(printf '%s' "releases/$r/\${l#f * * * }" | tr "\\$(newline "$L")" '\012'; echo .); p=\${p%.}
    [ -f "$p" ] && [ "$(sha256sum <"$p")" = "$s  -" ] || continue
    printf '%s %s\n' "$s" "$(wc -c <"$p")"
    cat -- "$p"
    break
  done
done | gzip -c`,
    ],
    Buffer.from(wanted.map(sha256 => `${sha256}\n`).join('')),
  )
}

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
