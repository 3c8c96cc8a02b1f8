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
 * sheet; else as copies, and then everything is read again. What came although it is unchanged stays as it came.
 */
export function withUnchanged(what: Unpack, base: string, payload: Arrival): ShellText {
  return sh`linked=
sort -m "$B" "$own" | uniq -d | sort -m - "$I/again" | uniq -u >"$I/same"
{ names f "$I/same"; names l "$I/same"; } >"$I/unchanged"
${what.unchanged === 'link' ? linkBase(base, payload) : sh``}
if [ -n "$linked" ]; then
  ${arrived(payload)}
else
  ${copyBase(base, payload)}
fi`
}

/** Where one of them is not what the base's sheet says, all links go again. */
function linkBase(base: string, { entries }: Arrival): ShellText {
  return sh`W=${paths.sheet(base)}
linkbase() {
  names d "$own" | ( cd "$T" && xargs -0 -r mkdir -p -- ) &&
  ( cd -- ${paths.release(base)} && xargs -0 -r cp -lP --parents -t "$T" -- ) <"$I/unchanged" &&
  sheet "$T" >"$own.sheet" &&
  [ "$(comm -z -12 "$W" "$own.sheet" | grep -zv '/$' | count)" -eq "$(count <"$I/unchanged")" ] && [ "$(entries "$T")" -eq ${entries} ]
}
# What hooks have made of the base's files stands on its sheet, too.
{ IFS= read -r s; t=; read -r t; } <"$B.seal" 2>/dev/null
if [ -s "$W" ] && [ -z "$t" ]; then
  if linkbase 2>/dev/null; then linked=yes
  else find "$T" -mindepth 1 \( ! -type d -links +1 -o -type d -empty \) -delete && rm -f "$own.sheet" || exit ${codes.unpack}; fi
fi`
}

function copyBase(base: string, { entries }: Arrival): ShellText {
  return sh`( cd -- ${paths.release(base)} && xargs -0 -r sh -c 'exec cp -pP --parents -- "$@" "$0"' "$T" ) <"$I/unchanged" || exit ${codes.notIntact}
  [ "$(entries "$T")" -eq ${entries} ] || names d "$own" | ( cd "$T" && xargs -0 -r mkdir -p -- )
  [ "$(entries "$T")" -eq ${entries} ] || { echo 'there are more or fewer entries than in the manifest'; exit ${codes.notIntact}; }
  quick
  intact "$own" "$T" >/dev/null || { setmodes; intact "$own" "$T"; } || exit ${codes.notIntact}`
}
