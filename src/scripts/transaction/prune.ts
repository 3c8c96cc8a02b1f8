import { releaseName } from '../../release/paths.js'
import { type Claim, fenced } from '../shell/fence.js'
import { type Script, script, sh } from '../shell/shell.js'

/** Removes releases, but never `current`, one of an open transaction, or one that a process lives in. Prints `removed ID` or `in use ID`; fails where one could not be removed. */
export function prune(claim: Claim, releases: readonly string[]): Script {
  return script('prune', [
    fenced(claim),
    sh`here=$(pwd -P); now=$(cd current 2>/dev/null && pwd -P)
used=$(ls -l /proc/[0-9]*/cwd /proc/[0-9]*/exe /proc/[0-9]*/fd 2>/dev/null)
set --
for r in ${releases.map(releaseName)}; do
  [ -d "releases/$r" ] || continue
  case "$now/" in "$here/releases/$r/"*) continue ;; esac
  for u in .clonedeploy/tx/*/undecided; do
    [ -e "$u" ] || continue
    n=; o=; read -r n <"\${u%/*}/next"; read -r o <"\${u%/*}/old"
    { [ "$n" = "$r" ] || [ "\${o##*/}" = "$r" ]; } && continue 2
  done
  case "$used
" in
    *"$here/releases/$r"[/\ ]*|*"$here/releases/$r
"*) echo "in use $r"; continue ;;
  esac
  set -- "$@" "$r"
done
[ "$#" -gt 0 ] || exit 0
# By way of our own folder, as lock does it.
mkdir "$X/taken" "$X/taken/manifests" "$X/taken/bad" || exit 1
all=$*
set --; for r in $all; do set -- "$@" "releases/$r"; done
mv -f -- "$@" "$X/taken/"
set --; left=
for r in $all; do
  [ ! -e "releases/$r" ] || { left=$r; continue; }
  echo "removed $r"
  m=".clonedeploy/manifests/$r"
  for f in "$m" "$m.seal" "$m.sheet" "$m.sealed" "$m.run" "$m.confirmed"; do [ ! -e "$f" ] || set -- "$@" "$f"; done
done
[ "$#" = 0 ] || mv -f -- "$@" "$X/taken/manifests/"
set --
for r in $all; do [ -e "releases/$r" ] || [ ! -e ".clonedeploy/bad/$r" ] || set -- "$@" ".clonedeploy/bad/$r"; done
[ "$#" = 0 ] || mv -f -- "$@" "$X/taken/bad/"
rm -rf "$X/taken" && [ -z "$left" ]`,
  ])
}
