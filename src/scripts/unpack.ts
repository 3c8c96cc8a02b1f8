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

/** What the script has to know of its payload (see build/artifact.ts). */
export interface Arrival {
  readonly data: Uint8Array
  readonly files: number
  readonly bytes: number
  readonly links: number
  readonly folders: number
  readonly unchanged: number
  /** Files, links and folders of the whole release. */
  readonly entries: number
  readonly sum: string
}

/** Bytes of files from which on OpenSSL hashes faster, its start included. */
const many = 4e6

/**
 * Makes `releases/<id>` out of a payload (on stdin) and the unchanged files of a release that is there already: first in
 * incoming/, checked against the manifest, then renamed. What arrived or was copied is read again; what was linked has not
 * been written since it was checked on this very host (see `sheet`). Exit: unpack (the stream or the disk), notIntact (what
 * arrived or was copied is not what the manifest says; says what), linkedFileMissing, exists.
 */
export function unpack(place: Place, what: Unpack, payload: Arrival): Script {
  const tree = `${paths.incoming(place.tx)}/tree`
  return script(
    'unpack',
    [
      fenced(place),
      treeFunctions,
      sh`I=$PWD/${paths.incoming(place.tx)}; T=$I/tree
[ ! -e ${paths.release(what.release)} ] || exit ${codes.exists}
[ ! -e "$I" ] || rm -rf "$I"
umask 077; mkdir -p "$I" "$X" || exit ${codes.unpack}
umask 022; mkdir -p "$T" ${paths.releases} || exit ${codes.unpack}
gzip -dc | tar -xof - -C "$I" || exit ${codes.unpack}
[ -f "$I/removed" ] && [ -f "$I/added" ] && [ -f "$I/folders" ] && [ -f "$I/edits" ] || exit ${codes.unpack}
${what.base === null ? sh`` : edited(what.base)}
( TZ=UTC0; export TZ; find "$T" ! -type l -exec touch -t ${touchStamp(what.release)} {} + ) || exit ${codes.unpack}`,
      payload.bytes > many ? sh`quick` : sh``,
      what.base === null ? sh`mv "$I/added" "$I/manifest"` : newManifest(what.base),
      sh`[ "$(sha256sum <"$I/manifest")" = ${`${what.digest.replace('sha256:', '')}  -`} ] || { echo 'the manifest that arrived is another one'; exit ${codes.notIntact}; }`,
      what.base === null ? wholeArrived(payload) : withUnchanged(what, what.base, payload),
      sh`[ -s "$I/sheet" ] || sheet "$T" >"$I/sheet" 2>/dev/null
printf '%s\n' ${what.revision} >"$T/REVISION" || exit ${codes.unpack}`,
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
mv -- "$T" ${paths.release(what.release)} && rm -rf "$I" || exit ${codes.unpack}`,
    ],
    payload.data,
  )
}

/** The manifest, from the base's and the difference: both are sorted. */
function newManifest(base: string): ShellText {
  return sh`B=${paths.manifest(base)}
[ -f "$B" ] || exit ${codes.releaseMissing}
sort -m "$B" "$I/removed" "$I/removed" | uniq -u | sort -m - "$I/added" >"$I/manifest" || exit ${codes.unpack}`
}

/** Files that differ from the base's in one place: its beginning, what was sent, its end. What comes of it is read again, as what arrived. */
function edited(base: string): ShellText {
  return sh`edit='{ head -c "$2" "$5" && cat "$0/edit/$1" && tail -c "$3" "$5"; } >"$0/tree/$5" && { [ "$4" = 644 ] || chmod "$4" "$0/tree/$5"; }'
[ ! -s "$I/edits" ] || ( cd -- ${paths.release(base)} && xargs -0 -n 5 sh -c "$edit" "$I" ) <"$I/edits" || exit ${codes.notIntact}`
}

/** Everything was sent: nothing else may be there. */
function wholeArrived(payload: Arrival): ShellText {
  return sh`[ "$(entries "$T")" -eq ${payload.entries} ] || { echo 'there are more or fewer entries than in the manifest'; exit ${codes.notIntact}; }
${arrived(payload)}`
}

/**
 * Brings the base's unchanged files and links into the tree: as hard links, when every one of them is still on the base's
 * sheet and nothing else is there; else as copies, and then everything is read again.
 */
function withUnchanged(what: Unpack, base: string, payload: Arrival): ShellText {
  return sh`linked=
${what.unchanged === 'link' ? linkBase(what, base, payload) : sh``}
if [ -n "$linked" ]; then
  ${arrived(payload)}
else
  ${copyBase(base, payload)}
fi`
}

/** Links the whole base and takes out what is not of the new release. What a base holds beside its manifest makes it fail. */
function linkBase({ shared }: Unpack, base: string, { entries, unchanged }: Arrival): ShellText {
  const linkedPaths = [...shared.dirs, ...shared.files].map(path => `./${path}`)
  const parents = [...new Set(linkedPaths.flatMap(parentsOf))].sort((a, b) => b.length - a.length)
  return sh`W=${paths.sheet(base)}
linkbase() {
  cp -al -- ${paths.release(base)} "$T" && (
    cd "$T" && rm -f -- ./REVISION ${linkedPaths} || exit
    [ ! -s "$I/leaves" ] || xargs -0 rm -f -- <"$I/leaves" || exit
    ${parents.length === 0 ? sh`:` : sh`rmdir -- ${parents}`}
    [ ! -s "$I/leaves.folders" ] || xargs -0 rmdir -- <"$I/leaves.folders"
  ) && cp -al "$I/arrived/." "$T/" && sheet "$T" "$I/count" >"$I/sheet" &&
  [ "$(wc -c <"$I/count")" -eq ${entries} ] && [ "$(comm -z -12 "$W" "$I/sheet" | grep -zc '')" -eq ${unchanged} ]
}
if [ -s "$W" ]; then
  mv "$T" "$I/arrived" || exit ${codes.unpack}
  if linkbase 2>/dev/null; then linked=yes; else rm -rf "$T" "$I/sheet"; mv "$I/arrived" "$T" || exit ${codes.unpack}; fi
fi`
}

function copyBase(base: string, { entries }: Arrival): ShellText {
  return sh`sort -m "$B" "$I/manifest" | uniq -d >"$I/same"
  { names f "$I/same"; names l "$I/same"; } >"$I/unchanged"
  ( cd -- ${paths.release(base)} && xargs -0 -r sh -c 'exec cp -pP --parents -- "$@" "$0"' "$T" ) <"$I/unchanged" || exit ${codes.notIntact}
  [ "$(entries "$T")" -eq ${entries} ] || names d "$I/manifest" | ( cd "$T" && xargs -0 -r mkdir -p -- )
  [ "$(entries "$T")" -eq ${entries} ] || { echo 'there are more or fewer entries than in the manifest'; exit ${codes.notIntact}; }
  quick
  intact "$I/manifest" "$T" || exit ${codes.notIntact}`
}

/** Reads what arrived again: modes and sizes, contents and targets. */
function arrived({ files, links, folders, sum }: Arrival): ShellText {
  return sh`arrived() {
  cd "$T" || return
  ${files > 0 ? sh`xargs -0 stat -c '%f %s' -- <"$I/files"; sums <"$I/files"` : sh`:`}
  ${links > 0 ? sh`targets "$(newline "$I/manifest")" <"$I/links"` : sh`:`}
}
folders() { cd "$T" && xargs -0 sh -c 'for d do [ -d "$d" ] && [ ! -L "$d" ] && echo; done' sh <"$I/folders" | wc -l; }
[ "$(arrived | sha256sum)" = ${`${sum}  -`} ] ${folders > 0 ? sh`&& [ "$(folders)" -eq ${folders} ]` : sh``} ||
  { intact "$I/manifest" "$T" && echo 'what arrived is not what was sent'; exit ${codes.notIntact}; }`
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/')).slice(1)
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
