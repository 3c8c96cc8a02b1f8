import { touchStamp } from '../release/id.js'
import { paths, sharedTarget } from '../release/paths.js'
import { codes } from './codes.js'
import { fenced, type Place } from './place.js'
import { type Script, type ShellText, script, sh } from './shell.js'
import { treeFunctions } from './tree.js'

export interface Unpack {
  readonly release: string
  /** Release on the host whose unchanged files are copied; null: the payload holds everything. */
  readonly base: string | null
  /** `sha256:…` of the manifest that the tree must match. */
  readonly digest: string
  /** First line of REVISION: the commit, or the digest where there is none. */
  readonly revision: string
  readonly shared: { readonly dirs: readonly string[]; readonly files: readonly string[] }
}

/**
 * Makes `releases/<id>` out of a payload (on stdin) and the unchanged files of a release that is there already:
 * first in incoming/, checked byte for byte against the manifest, then renamed. Exit: unpack (the stream or the disk),
 * notIntact (what arrived or was copied is not what the manifest says; says what), linkedFileMissing, exists.
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
[ -f "$I/removed" ] && [ -f "$I/added" ] || exit ${codes.unpack}`,
      what.base === null ? sh`mv "$I/added" "$I/manifest"` : copyBase(what.base),
      sh`[ "$(sha256sum <"$I/manifest" | cut -c1-64)" = ${what.digest.replace('sha256:', '')} ] || { echo 'the manifest that arrived is another one'; exit ${codes.notIntact}; }
n=$(wc -l <"$I/manifest")
[ "$(entries "$I/tree")" -eq $((n-1)) ] || { echo 'there are more or fewer entries than in the manifest'; exit ${codes.notIntact}; }
intact "$I/manifest" "$I/tree" || exit ${codes.notIntact}
find "$I/tree" ! -type l -exec env TZ=UTC0 touch -t ${touchStamp(what.release)} {} + || exit ${codes.unpack}
printf '%s\n' ${what.revision} >"$I/tree/REVISION" || exit ${codes.unpack}`,
      ...what.shared.dirs.map(dir => linkShared(tree, dir, sh`mkdir -p -- ${`${paths.shared}/${dir}`}`)),
      ...what.shared.files.map(file =>
        linkShared(
          tree,
          file,
          sh`[ -e ${`${paths.shared}/${file}`} ] || { echo ${file}; exit ${codes.linkedFileMissing}; }`,
        ),
      ),
      sh`printf '%s\n' ${what.release} >"$X/made" &&
mv -f "$I/manifest" ${paths.manifest(what.release)} &&
mv -- "$I/tree" ${paths.release(what.release)} && rm -rf "$I" || exit ${codes.unpack}`,
    ],
    payload,
  )
}

/** The manifest from the base's and the difference; the unchanged files and links copied with their bytes checked later. */
function copyBase(base: string): ShellText {
  return sh`B=$PWD/${paths.manifest(base)}
[ -f "$B" ] || exit ${codes.releaseMissing}
sort "$B" "$I/removed" "$I/removed" | uniq -u | sort - "$I/added" >"$I/manifest" || exit ${codes.unpack}
sort "$B" "$I/manifest" | uniq -d | { sed -n 1p "$I/manifest"; sed '/^#/d'; } >"$I/same"
T=$PWD/$I/tree; S=$PWD/$I/same
names d "$I/manifest" | ( cd "$T" && xargs -0 -r mkdir -p -- ) || exit ${codes.unpack}
( cd -- ${paths.release(base)} && { names f "$S"; names l "$S"; } | xargs -0 -r sh -c 'cp -pP --parents -- "$@" "$0"' "$T" ) || exit ${codes.notIntact}
rm -f "$I/same"`
}

function linkShared(tree: string, linked: string, ensure: ShellText): ShellText {
  const path = `${tree}/${linked}`
  const parent = path.slice(0, path.lastIndexOf('/'))
  return sh`${ensure}
mkdir -p -- ${parent} && ln -s -- ${sharedTarget(linked)} ${path} || exit ${codes.unpack}`
}
