import { fileTime, touchStamp } from '../release/id.js'
import { paths } from '../release/paths.js'
import { type Arrival, arrived } from './arrival.js'
import { codes } from './codes.js'
import { type ShellText, sh } from './shell.js'
import type { Unpack } from './unpack.js'

/** The manifest, from the base's and the difference: all are sorted, and what is removed stands there three times. */
export function newManifest(base: string): ShellText {
  return sh`B=${paths.manifest(base)}
[ -f "$B" ] || exit ${codes.releaseMissing}
sort -m "$B" "$I/removed" "$I/removed" "$I/added" | uniq -u >"$own" || exit ${codes.unpack}`
}

/** Files that differ from the base's in one place: its beginning, what was sent, its end. What comes of it is read again, as what arrived. */
export function edited(base: string, release: string): ShellText {
  return sh`edit='while [ "$#" -gt 0 ]; do
{ { [ "$2" = 0 ] || head -c "$2" "$5"; } && cat "$0/edit/$1" && { [ "$3" = 0 ] || tail -c "$3" "$5"; }; } >"$0/tree/$5" &&
{ [ "$4" = 644 ] || chmod "$4" "$0/tree/$5"; } || exit
shift 5
done'
[ ! -s "$I/edits" ] || {
( cd -- ${paths.release(base)} && xargs -0 -n 25 sh -c "$edit" "$I" ) <"$I/edits" || exit ${codes.notIntact}
( TZ=UTC0; export TZ; find "$T" -type f -exec touch -t ${touchStamp(fileTime(release))} {} + ) || exit ${codes.unpack}
}`
}

/**
 * Brings the base's unchanged files and links into the tree: as hard links, when every one of them is still on the base's
 * sheet and nothing else is there; else as copies, and then everything is read again.
 */
export function withUnchanged(what: Unpack, base: string, payload: Arrival): ShellText {
  return sh`linked=
${what.unchanged === 'link' ? linkBase(what, base, payload) : sh``}
if [ -n "$linked" ]; then
  ${arrived(payload)}
else
  ${copyBase(base, payload)}
fi`
}

/**
 * Links what the base has and the tree has not, and takes out what unpacking added to the base and what is not of the new
 * release. Where anything else is there, all links go again. Newer programs take a file that is there already for a
 * failure to copy: only the sheet tells what came of it.
 */
function linkBase({ shared, touched = [] }: Unpack, base: string, payload: Arrival): ShellText {
  const { entries, files, links, folders } = payload
  const linked = ['REVISION', ...shared.dirs, ...shared.files].map(path => `./${path}`)
  const parents = [...new Set([...linked, ...touched.map(path => `./${path}`)].flatMap(parentsOf))].sort(
    (a, b) => b.length - a.length,
  )
  return sh`W=${paths.sheet(base)}; R=$PWD/${paths.release(base)}
# Words of what is removed, none of which may lead through a link, which somebody may have put into the base.
plain='for f do d=\${f%/*}; while [ "$d" != . ]; do [ ! -L "$d" ] || exit 1; d=\${d%/*}; done; done'
linkbase() {
  cp -aln -- "$R/." "$T/"
  ( cd "$T" || exit
    set -- ${linked}
    for f in ${touched}; do [ ! "$f" -ef "$R/$f" ] || set -- "$@" "./$f"; done
    eval "$plain"; rm -f -- "$@" || exit
    [ ! -s "$I/leaves" ] || xargs -0 sh -c "$plain; exec rm -f -- \"\$@\"" sh <"$I/leaves" || exit
    ${parents.length === 0 ? sh`:` : sh`rmdir -- ${parents}`}
    [ ! -s "$I/leaves.folders" ] || xargs -0 sh -c "$plain; exec rmdir -- \"\$@\"" sh <"$I/leaves.folders"
  ) && sheet "$T" >"$own.sheet" &&
  set -- $(comm -z --total -123 "$W" "$own.sheet") && [ "$#" = 4 ] &&
  [ "$3" -eq ${entries - files - links - folders} ] && [ "$(($2+$3))" -eq ${entries} ]
}
if [ -s "$W" ]; then
  if linkbase 2>/dev/null; then linked=yes
  else find "$T" -mindepth 1 \( ! -type d -links +1 -o -type d -empty \) -delete && rm -f "$own.sheet" || exit ${codes.unpack}; fi
fi`
}

function copyBase(base: string, { entries }: Arrival): ShellText {
  return sh`sort -m "$B" "$own" | uniq -d >"$I/same"
  { names f "$I/same"; names l "$I/same"; } >"$I/unchanged"
  ( cd -- ${paths.release(base)} && xargs -0 -r sh -c 'exec cp -pP --parents -- "$@" "$0"' "$T" ) <"$I/unchanged" || exit ${codes.notIntact}
  [ "$(entries "$T")" -eq ${entries} ] || names d "$own" | ( cd "$T" && xargs -0 -r mkdir -p -- )
  [ "$(entries "$T")" -eq ${entries} ] || { echo 'there are more or fewer entries than in the manifest'; exit ${codes.notIntact}; }
  quick
  intact "$own" "$T" || exit ${codes.notIntact}`
}

function parentsOf(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('/')).slice(1)
}
