import { paths } from '../../release/paths.js'
import { sealed } from '../prepare/not-writable.js'
import { codes } from '../shell/codes.js'
import { enter } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'
import { treeFunctions } from '../shell/tree.js'

/**
 * `differing`, in a release: `-LINE` of its list of what was sealed ($L, with the byte $b for newlines) where that is not
 * there as it was, and `+LINE` of what is there by the same name. Of both, folders come first.
 */
export const differingFunction = sh`known() { { all "$1" | plain; paths "$L"; } | sort | uniq -d | sed 's,^,./,' | tr "\\012\\$b" '\000\012'; }
differing() { { lines known | sed 's/^/+/'; sed '1d;s/^/-/' "$L"; } | sort -k1.2 | uniq -u -s 1; }`

export interface Verify {
  /** What the app may write, as it was when it was sealed. */
  readonly writable?: readonly string[]
  /** Print `tree DIGEST` of a release without a seal, so that it can be compared across hosts. */
  readonly whole: boolean
  /** Read every file, or, where the host can tell, only if something was written since the release was checked last. */
  readonly read: 'all' | 'written'
}

/** Lines that are printed of what differs, and of what is there beside that. */
const mostDifferent = 2000
const mostExtra = 100

/**
 * Whether everything that was sealed is there as it was. Prints `tree DIGEST` (what hooks made, as it was sealed), `-LINE` and
 * `+LINE` (of the list of what was sealed, and what is there instead), `x PATH` (the first that are there beside that) and
 * `extra COUNT`. Exit: notIntact, after a last line with the number of entries; releaseMissing. Changes nothing.
 */
export function verify(root: string, release: string, ask: Verify): Script {
  return script('verify', [
    enter(root),
    treeFunctions,
    differingFunction,
    sh`r=$PWD/${paths.release(release)}; m=$PWD/${paths.manifest(release)}; L=$m.sealed
cd -- "$r" 2>/dev/null || exit ${codes.releaseMissing}
if [ ! -f "$m.seal" ]; then
  b=036
  [ ${ask.whole ? 'whole' : 'part'} = part ] || { quick; echo "tree $(lines all | sort | sha256sum | cut -c1-64)"; }
  exit 0
fi
{ IFS= read -r s; t=; read -r t; } <"$m.seal"
b=$(newline "$L" 2>/dev/null); [ -n "$b" ] && { [ -z "$t" ] || [ "$(sha256sum <"$L")" = "$t  -" ]; } ||
  { echo 'the list of what was sealed is damaged'; exit ${codes.notIntact}; }
unwritten() {
  [ ${ask.read} = written ] && [ -s "$m.sheet" ] || return
  set -- $(sheet "$r" | comm -z --total -123 "$m.sheet" -)
  [ "$#" = 4 ] && [ "$1" = 0 ] && more=$2
}
d=; more=
unwritten 2>/dev/null || { quick; intact "$L" "$r" >/dev/null 2>&1; } || d=$(differing)
[ -z "$t" ] || echo "tree $t"
[ "$more" = 0 ] || { paths "$L"; paths "$L"; find . ! -name . -print0 | plain; } | sort | uniq -u${sealed('paths', ask.writable ?? [])} |
  sed -n -e '1,'${mostExtra}'s/^/x /p' -e '$=' | sed 's/^[0-9]*$/extra &/'
[ -z "$d" ] || {
  printf '%s\n' "$d" | sed -n '1,'${mostDifferent}p
  echo "$(printf '%s\n' "$d" | grep -c '^-') entries were changed or are missing"
  exit ${codes.notIntact}
}`,
  ])
}
