import { fileTime, touchStamp } from '../../release/id.js'
import { paths, releaseName } from '../../release/paths.js'
import { differingFunction } from '../read/verify.js'
import { codes } from '../shell/codes.js'
import { type Claim, fenced } from '../shell/fence.js'
import { flush, flushAll } from '../shell/flush.js'
import { type Script, script, sh } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'
import { sealed } from './not-writable.js'

/**
 * Makes a release that nobody serves what it was sealed as, in a fresh copy: what is intact there and what came later is
 * copied (so no file is shared with another release any more), the rest is made of `contents`, all of it is compared with
 * what was sealed, and takes the place of the other by two renames. The old folder stays in the transaction's for processes
 * that live in it, until the next run; a run that dies between the renames leaves that to `asideback`.
 * stdin: a tar.gz of files named by their sha256. Exit: releaseMissing, unpack, notIntact.
 */
export function heal(claim: Claim, release: string, writable: readonly string[], contents: Uint8Array): Script {
  const id = releaseName(release)
  return script(
    'heal',
    [
      fenced(claim),
      treeFunctions,
      differingFunction,
      sh`m=$PWD/${paths.manifest(release)}; L=$m.sealed; x=$PWD/$X; I=$PWD/${paths.incoming(claim.tx)}; T=$I/${id}
[ -d ${paths.release(release)} ] && b=$(newline "$L") || exit ${codes.releaseMissing}
serves ${id} && { echo 'it is served'; exit ${codes.notIntact}; }
[ ! -e "$I" ] || rm -rf "$I"
umask 077; mkdir -p "$I/contents" "$X/aside" || exit ${codes.unpack}
trap '[ -d "$x" ] || rm -rf "$I"' EXIT
[ -d "$x" ] || exit ${codes.fenced}
umask 022
gzip -dc | tar -xof - -C ${`${paths.incoming(claim.tx)}/contents`} || exit ${codes.unpack}
e=$(cp -a -- ${paths.release(release)} "$I/" 2>&1)
quick
B=$(printf "\\$b")
named() { p=$1; case $p in *"$B"*) p=$(printf '%s' "$p" | tr "\\$b" '\012'; echo .); p=\${p%.} ;; esac; }
again() {
  case $1 in
    d*) named "./\${1#d }"; rm -rf -- "$p"; mkdir -p -- "$p" ;;
    l*) named "\${1#l }"; t=\${p%//*}; p=./\${p##*//}; rm -rf -- "$p"; ln -s -- "$t" "$p" ;;
    f*) set -- \${1%" \${1#f * * * }"} "./\${1#f * * * }"
      named "$5"; rm -rf -- "$p"
      cp -- "$I/contents/$4" "$p" && chmod "$2" "$p" && TZ=UTC0 touch -t ${touchStamp(fileTime(release))} "$p" ;;
  esac
}
( cd -- "$T" && differing | sed -n 's/^-//p' >"$I/lost" && while IFS= read -r l; do again "$l"; done <"$I/lost" ) 2>/dev/null
{ sheet "$T"${sealed('sheet', writable)} >"$I/sheet"; } 2>/dev/null
intact "$L" "$T" >/dev/null 2>&1 || { echo "it could not be made whole\${e:+: \${e##*
}}"; exit ${codes.notIntact}; }`,
      flushAll,
      sh`mv -- ${paths.release(release)} "$X/aside/" || exit ${codes.unpack}
mv -- "$T" ${paths.releases}/ || { mv -- "$X/aside/"${id} ${paths.releases}/; exit ${codes.unpack}; }
mv -f "$I/sheet" "$m.sheet"; rm -rf "$I"`,
      flush(paths.releases, sh`"$X" "$X/aside"`, paths.manifests),
    ],
    contents,
  )
}

/**
 * `asideback DIR`: what a run that died while it made a release whole has set aside in its folder is in its place again.
 * Its script may only be asleep: it finds no folder any more to set anything aside in.
 */
export const asideFunction = sh`asideback() {
  [ ! -d "$1/aside" ] || mv -- "$1/aside" "$1/over" 2>/dev/null
  for y in "$1"/over/*; do
    [ -d "$y" ] && ours "\${y##*/}" && [ ! -e "releases/\${y##*/}" ] && mv -- "$y" releases/
  done
  return 0
}`
