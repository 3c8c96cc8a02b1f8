import { fileTime, touchStamp } from '../../release/id.js'
import { paths } from '../../release/paths.js'
import type { Shared } from '../../release/shared.js'
import { codes } from '../shell/codes.js'
import { type ShellText, sh } from '../shell/shell.js'
import { type Arrival, arrived } from './check-arrival.js'

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
  readonly shared: Shared
  /** Files of the release that its restart touches: they are there from the beginning, so that it stays what was made. */
  readonly touched?: readonly string[]
  /** What the app may write: it is not sealed. */
  readonly writable?: readonly string[]
}

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
  return sh`both() { sort -m "$B" "$own" | uniq -d; }
if [ -s "$I/again" ]; then both | sort -m - "$I/again" | uniq -u; else both; fi >"$I/same"
names fl "$I/same" >"$I/unchanged"
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
  sheet "$T" >"$own.sheet" && [ "$(grep -zc '' "$own.sheet")" -eq ${entries} ] &&
  [ "$(comm -z -12 "$W" "$own.sheet" | grep -zcv '/$')" -eq "$(grep -zc '' "$I/unchanged")" ]
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
