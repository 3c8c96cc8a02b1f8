import { paths } from '../release/paths.js'
import { codes } from './codes.js'
import { enter } from './place.js'
import { type Script, script, sh } from './shell.js'
import { treeFunctions } from './tree.js'

export interface Verify {
  readonly extra: number
  /** Print `tree DIGEST`, so that releases without a seal can be compared across hosts. */
  readonly whole: boolean
  /** Read every file, or, where the host can tell, only if something was written since the release was checked last. */
  readonly read: 'all' | 'written'
}

/** Whether a release is what was sealed (exit notIntact, prints why). Changes nothing. */
export function verify(root: string, release: string, ask: Verify): Script {
  return script('verify', [
    enter(root),
    treeFunctions,
    sh`r=${paths.release(release)}; m=${paths.manifest(release)}
[ -d "$r" ] || exit ${codes.releaseMissing}
t=; [ -f "$m.seal" ] && { IFS= read -r s; read -r t; } <"$m.seal"
if [ -n "$t" ] || [ ${ask.whole ? 'whole' : 'part'} = whole ]; then
  d=$(treesum "$r") || exit ${codes.notIntact}
  echo "tree $d"
  [ -z "$t" ] || [ "$t" = "$d" ] || { echo 'the tree is not what it was after its prepare hooks'; exit ${codes.notIntact}; }
fi
[ -f "$m.seal" ] && [ -z "$t" ] || exit 0
n=$(wc -l <"$m") || exit ${codes.notIntact}
unwritten() {
  [ ${ask.read} = written ] && [ -s "$m.sheet" ] || return
  set -- $(sheet "$r" | comm -z --total -123 "$m.sheet" -)
  [ "$#" = 4 ] && [ "$1" = 0 ] && there=$(($2+$3))
}
unwritten 2>/dev/null || { quick; intact "$m" "$r" && there=$(entries "$r"); } || exit ${codes.notIntact}
e=${ask.extra}
[ "$there" -eq $((n-1+e)) ] || { echo 'there are more entries than in the manifest'; exit ${codes.notIntact}; }`,
  ])
}

/** Lists how a release differs from its manifest: lines `-LINE` (only in the manifest) and `+LINE` (only on disk). */
export function drift(root: string, release: string): Script {
  return script('drift', [
    enter(root),
    treeFunctions,
    sh`m=$PWD/${paths.manifest(release)}
[ -d ${paths.release(release)} ] && [ -f "$m" ] || exit ${codes.releaseMissing}
b=$(newline "$m")
cd -- ${paths.release(release)} || exit ${codes.releaseMissing}
all() { find . -type "$1" ! -name . -print0 | sort -z; }
plain() { tr "\\012\\000" "\\$b\\012" | sed 's,^\./,,'; }
actual() {
  all d | plain | sed 's/^/d /'
  all f | xargs -0 -r stat -c '%a %s' -- | paste -d' ' - /dev/fd/3 /dev/fd/4 3<<A 4<<B | sed '/^ *$/d;s/^/f /'
$(all f | sums)
A
$(all f | plain)
B
  all l | targets "$b" | paste - /dev/fd/3 3<<A | sed '/^.$/d;s,	,//,;s/^/l /'
$(all l | plain)
A
}
{ actual | sed 's/^/+/'; sed '1d;s/^/-/' "$m"; } | sort -k1.2 | uniq -u -s 1`,
  ])
}
