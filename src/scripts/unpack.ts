import { touchStamp } from '../release/id.js'
import { paths, sharedTarget } from '../release/paths.js'
import { codes } from './codes.js'
import { fenced, type Place } from './place.js'
import { type Script, type ShellText, script, sh } from './shell.js'
import { treeFunctions } from './tree.js'

export interface Unpack {
  readonly release: string
  /** Release on the host that the unchanged files are taken from; null: the payload holds everything. */
  readonly base: string | null
  /** `link`: unchanged files become hard links, if nothing has written into `base` since it was unpacked; else they are copied. */
  readonly unchanged: 'link' | 'copy'
  /** `sha256:…` of the manifest that the tree must match. */
  readonly digest: string
  /** First line of REVISION: the commit, or the digest where there is none. */
  readonly revision: string
  readonly shared: { readonly dirs: readonly string[]; readonly files: readonly string[] }
  /** Files of the release that its restart touches: they are there from the beginning, so that it stays what was made. */
  readonly touched?: readonly string[]
}

/**
 * Makes `releases/<id>` out of a payload (on stdin) and the unchanged files of a release that is there already: first in
 * incoming/, checked against the manifest, then renamed. What arrived or was copied is read again; what was linked has not
 * been written since it was checked on this very host (see `sheet`). Exit: unpack (the stream or the disk), notIntact (what
 * arrived or was copied is not what the manifest says; says what), linkedFileMissing, exists.
 */
export function unpack(place: Place, what: Unpack, payload?: Uint8Array): Script {
  const tree = `${paths.incoming(place.tx)}/tree`
  return script(
    'unpack',
    [
      fenced(place),
      treeFunctions,
      sh`I=${paths.incoming(place.tx)}
[ ! -e ${paths.release(what.release)} ] || exit ${codes.exists}
rm -rf "$I" && ( umask 077; mkdir -p "$I" "$X" ) && mkdir "$I/tree" && mkdir -p ${paths.releases} || exit ${codes.unpack}
gzip -dc | tar -xof - -C "$I" || exit ${codes.unpack}
[ -f "$I/removed" ] && [ -f "$I/added" ] || exit ${codes.unpack}
find "$I/tree" ! -type l -exec env TZ=UTC0 touch -t ${touchStamp(what.release)} {} + || exit ${codes.unpack}`,
      what.base === null ? sh`mv "$I/added" "$I/manifest"` : newManifest(what.base),
      sh`[ "$(sha256sum <"$I/manifest")" = ${`${what.digest.replace('sha256:', '')}  -`} ] || { echo 'the manifest that arrived is another one'; exit ${codes.notIntact}; }
C=$I/manifest`,
      what.base === null ? sh`` : unchangedFiles(what.base, what.unchanged),
      sh`n=$(wc -l <"$I/manifest")
[ "$(entries "$I/tree")" -eq $((n-1)) ] || { echo 'there are more or fewer entries than in the manifest'; exit ${codes.notIntact}; }
intact "$C" "$I/tree" || exit ${codes.notIntact}
[ -s "$I/sheet" ] || sheet "$I/tree" >"$I/sheet" 2>/dev/null
printf '%s\n' ${what.revision} >"$I/tree/REVISION" || exit ${codes.unpack}`,
      ...what.shared.dirs.map(dir => linkShared(tree, dir, sh`mkdir -p -- ${`${paths.shared}/${dir}`}`)),
      ...what.shared.files.map(file =>
        linkShared(
          tree,
          file,
          sh`[ -e ${`${paths.shared}/${file}`} ] || { echo ${file}; exit ${codes.linkedFileMissing}; }`,
        ),
      ),
      ...(what.touched ?? []).map(file => makeFile(`${tree}/${file}`)),
      sh`printf '%s\n' ${what.release} >"$X/made" &&
mv -f "$I/manifest" ${paths.manifest(what.release)} && mv -f "$I/sheet" ${paths.sheet(what.release)} &&
mv -- "$I/tree" ${paths.release(what.release)} && rm -rf "$I" || exit ${codes.unpack}`,
    ],
    payload,
  )
}

/** The manifest, from the base's and the difference: both are sorted. */
function newManifest(base: string): ShellText {
  return sh`B=${paths.manifest(base)}
[ -f "$B" ] || exit ${codes.releaseMissing}
sort -m "$B" "$I/removed" "$I/removed" | uniq -u | sort -m - "$I/added" >"$I/manifest" || exit ${codes.unpack}`
}

/**
 * Brings the base's unchanged files and links into the tree. `$C` is then the manifest of what has to be read again: of
 * links, only what arrived, when every one of them is still on the base's sheet.
 */
function unchangedFiles(base: string, how: Unpack['unchanged']): ShellText {
  return sh`T=$PWD/$I/tree; W=${paths.sheet(base)}
sort -m "$B" "$I/manifest" | uniq -d >"$I/same"
{ names f "$I/same"; names l "$I/same"; } >"$I/unchanged"
bring() { ( cd -- ${paths.release(base)} && xargs -0 -r sh -c 'exec cp '"$1"' --parents -- "$@" "$0"' "$T" ) <"$I/unchanged"; }
if [ ${how} = link ] && [ -s "$W" ] && bring -lpP 2>/dev/null && sheet "$T" >"$I/sheet" && [ "$(comm -z -12 "$W" "$I/sheet" | count)" -eq "$(count <"$I/unchanged")" ]; then
  C=$I/check; { sed -n 1p "$I/manifest"; sort -m "$B" "$B" "$I/manifest" | uniq -u; } >"$C"
else
  rm -f "$I/sheet"; ( cd "$T" && xargs -0 -r rm -f -- ) <"$I/unchanged"
  bring -pP || exit ${codes.notIntact}
fi
[ "$(entries "$T")" -eq $(($(wc -l <"$I/manifest")-1)) ] || names d "$I/manifest" | ( cd "$T" && xargs -0 -r mkdir -p -- )`
}

function linkShared(tree: string, linked: string, ensure: ShellText): ShellText {
  const path = `${tree}/${linked}`
  const parent = path.slice(0, path.lastIndexOf('/'))
  return sh`${ensure}
mkdir -p -- ${parent} && ln -s -- ${sharedTarget(linked)} ${path} || exit ${codes.unpack}`
}

function makeFile(path: string): ShellText {
  return sh`[ -e ${path} ] || { mkdir -p -- ${path.slice(0, path.lastIndexOf('/'))} && : >${path}; } || exit ${codes.unpack}`
}
