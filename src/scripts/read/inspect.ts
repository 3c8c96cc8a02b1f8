import { paths } from '../../release/paths.js'
import { highestEpoch } from '../shell/fence.js'
import { isWhole, type Script, script, sh, whole } from '../shell/shell.js'
import { lockLease } from '../transaction/lock.js'
import { tookFunction, unfinishedFunctions } from '../transaction/unfinished.js'
import { memoryLines } from './memory.js'
import { platformLines } from './platform.js'

/** Programs that a host must have; the useful ones make things better. */
export const requiredTools = [
  'tar',
  'gzip',
  'sha256sum',
  'find',
  'xargs',
  'sed',
  'grep',
  'sort',
  'uniq',
  'stat',
  'readlink',
  'touch',
  'sync',
  'head',
  'dd',
  'df',
] as const
export const usefulTools = ['timeout', 'zstd', 'setsid', 'curl'] as const
/** All that a host is asked for. */
export const knownTools = [...requiredTools, ...usefulTools, 'cp--parents', 'wget']

/**
 * Reads everything that decisions need, in one answer, and changes nothing. Prints lines `KEY VALUE` (see fleet/parse-inspect.ts);
 * newlines in values are shown as the byte 036. `memory`: also what there is for a release beside the one that is served.
 */
export function inspect(deployTo: string, sharedFiles: readonly string[], memory = false): Script {
  return script('inspect', [
    sh`LC_ALL=C; export LC_ALL; unset CDPATH
one() { tr '\012' '\036'; echo; }
tell() {
  case $2 in *'
'*) printf '%s ' "$1"; printf '%s' "$2" | one ;; *) printf '%s %s\n' "$1" "$2" ;; esac
}
D=${deployTo}
case $D in /*) ;; '~/'*) D=$HOME/\${D#'~/'} ;; *) D=$HOME/$D ;; esac
while :; do case $D in ?*/) D=\${D%/} ;; *) break ;; esac; done
printf 'user '; id -un 2>/dev/null || id -u || echo
printf 'home %s\n' "$HOME"
printf 'shell %s\n' "\${SHELL:-}"
tell root "$D"
${platformLines}
now=$(date +%s)
printf 'clock %s\n' "$now"
for t in ${requiredTools.filter(tool => tool !== 'dd')} ${usefulTools}; do command -v "$t" >/dev/null 2>&1 && echo "tool $t"; done
dd bs=1 count=0 iflag=fullblock </dev/null >/dev/null 2>&1 && echo 'tool dd'
# Busybox has one, too, which takes an address only among its arguments, and checks no certificate.
command -v curl >/dev/null 2>&1 || case $(wget --version 2>/dev/null) in *+https*) echo 'tool wget' ;; esac
case $(cp --parents 2>&1) in *nrecognized*|*nvalid*|*llegal*|*nknown*) ;; *) echo 'tool cp--parents' ;; esac
P=$D
while [ ! -d "$P" ] && [ -n "$P" ]; do [ -e "$P" ] || [ -L "$P" ] && break; P=\${P%/*}; done
[ -n "$P" ] || P=/
if [ -d "$D" ]; then echo 'kind folder'; elif [ -e "$D" ] || [ -L "$D" ] || [ ! -d "$P" ]; then echo 'kind other'; else echo 'kind absent'; fi
b=; [ ! -r /proc/sys/kernel/random/boot_id ] || read -r b </proc/sys/kernel/random/boot_id
stat -L -c '%d %i %a' -- "$P" "$P/.." 2>/dev/null | {
  if read -r d i m; then
    [ -z "$b" ] || tell folder "$b $d $i \${D#"$P"}"
    echo "mode $m"
  fi
  if read -r d i m; then echo "above $m"; fi
}
last() { printf '%s %s\n' "$1" "\${2##*
}"; }
k=$(df -Pk -- "$P" 2>/dev/null)
last disk "$k"
if [ -w "$P" ] && [ -x "$P" ]; then echo 'writable yes'; else
  w=; while read -r i p d r m o x; do [ "$m" != "\${k##*% }" ] || case ",$o,,\${x##* }," in *,ro,*) w='readonly yes' ;; *) w= ;; esac; done </proc/self/mountinfo 2>/dev/null
  [ -z "$w" ] || echo "$w"
fi
last inodes "$(df -Pi -- "$P" 2>/dev/null)"
`,
    ...sharedFiles.map(file => sh`[ -e "$D"/${`shared/${file}`} ] || printf 'missing %s\n' ${file}`),
    sh`end() { ${whole}; exit 0; }
cd -- "$D" 2>/dev/null || end
[ -w . ] && [ ! -d .clonedeploy ] || [ -w .clonedeploy ] || echo 'writable no'
[ ! -d .clonedeploy ] || { [ -O .clonedeploy ] && w=ours || w=other; stat -L -c "journal $w %u %a" .clonedeploy 2>/dev/null; }
[ ! -d releases ] || [ -w releases ] || echo 'writable no'
real() { p=; cd -P -- "$1" 2>/dev/null || return 0; p=$PWD; cd -- "$D" || exit 1; }
real releases; R=$p r=
if [ -L current ]; then
  [ -e current ] && e=yes || e=no
  t=$(readlink current); [ current -ef "$t" ] || { t=$(readlink -n current; echo .); t=\${t%.}; }
  real current
  [ -n "$R" ] && case $p in "$R"/*) r=\${p#"$R/"}; case $r in */*) r= ;; esac ;; esac
  if [ "$e" = no ]; then case $t in releases/*) r=\${t#releases/} ;; esac; fi
  case $r in *[!A-Za-z0-9._-]*) r= ;; esac
  tell "current link $e \${r:--}" "$t"
  [ ! -d shared ] || [ -f ".clonedeploy/manifests/$r.seal" ] || (cd current/ && find . -maxdepth 2 -type l | head -n 1000) 2>/dev/null | while IFS= read -r s; do
    s=\${s#./}
    [ "current/$s" -ef "shared/$s" ] || continue
    if [ -d "shared/$s" ]; then printf 'shared dir %s\n' "$s"; else printf 'shared file %s\n' "$s"; fi
  done
elif [ -d current ]; then echo 'current folder'
elif [ -e current ]; then echo 'current other'
else echo 'current absent'; fi`,
    memory ? memoryLines : '',
    sh`[ -L current ] || case "
$(sed -n 's/^[^ ]* [^ ]* [^ ]* [^ ]* \([^ ]*\) .*/\1/p' /proc/self/mountinfo 2>/dev/null)
" in *"
$(pwd -P)/current
"*) echo 'mounted yes' ;; esac
for d in releases/*/; do
  d=\${d%/}; r=\${d#releases/}
  [ -d "$d" ] && [ ! -L "$d" ] || continue
  case $r in *[!A-Za-z0-9._-]*|'') continue ;; esac
  echo "release $r"
  v=; [ -f "$d/REVISION" ] && read -r v <"$d/REVISION"; [ -n "$v" ] && printf 'revision %s %s\n' "$r" "$v"
  if [ -f ".clonedeploy/manifests/$r.seal" ]; then { IFS= read -r s; t=; read -r t; } <".clonedeploy/manifests/$r.seal"; printf 'seal %s %s %s\n' "$r" "\${t:--}" "$s"; fi
  if [ -f ".clonedeploy/manifests/$r.run" ]; then IFS= read -r s <".clonedeploy/manifests/$r.run"; printf 'run %s %s\n' "$r" "$s"; fi
  [ ! -e ".clonedeploy/manifests/$r.confirmed" ] || echo "confirmed $r"
  if [ -f ".clonedeploy/bad/$r" ]; then IFS= read -r s <".clonedeploy/bad/$r"; printf 'bad %s %s\n' "$r" "$s"; fi
done
${highestEpoch}
if [ "$h" -gt 0 ]; then
  E=.clonedeploy/epochs/$h
  echo "epoch $h"
  i=0; while [ -d "$E" ] && [ ! -s "$E/tx" ] && [ "$i" -lt 5 ]; do sleep 0.1 2>/dev/null || sleep 1; i=$((i+1)); done
  f=$E; [ -f "$E/lease" ] && f=$E/lease
  if [ ! -e "$E/released" ] && l=$(stat -c %Y "$f" 2>/dev/null); then
    if [ -e "$E/held" ]; then echo 'held 0'; else printf 'held %s\n' "$(( now - l ))"; fi
    if [ -f "$E/ended" ]; then s=; IFS= read -r s <"$E/ended"; printf 'ended %s\n' "$s"; fi
    s=; [ -f "$E/holder" ] && IFS= read -r s <"$E/holder"; printf 'holder %s\n' "$s"
  fi
fi
${tookFunction}
${unfinishedFunctions}
for d in .clonedeploy/tx/*/; do
  d=\${d%/}; [ -d "$d" ] || continue
  s=prepared; for f in "$d"/state.*; do [ -e "$f" ] && s=\${f##*/state.}; done
  o=-; for f in "$d"/outcome.*; do [ -e "$f" ] && o=\${f##*/outcome.}; done
  ! took "$d" || s=swapped
  [ "$o" != reverted ] || [ -d "$d/stage" ] || s=ended
  [ "$s $o" != 'swapped reverted' ] || wayback "$d" || s=back
  ! unserved "$d" || s=unserved
  n=; [ -f "$d/next" ] && read -r n <"$d/next"
  case $n in *[!A-Za-z0-9._-]*) n='?' ;; esac
  printf 'tx %s %s %s %s ' "\${d##*/}" "$s" "$o" "\${n:--}"
  v=; w=; if [ -f "$d/old" ]; then { IFS= read -r v; IFS= read -r w; } <"$d/old" && one <"$d/old" || printf '%s\n' "$v"; else echo; fi
  if [ -e "$d/undecided" ] && l=$(stat -c %Y "$d/lease" 2>/dev/null); then printf 'lease %s %s\n' "\${d##*/}" "$(( now - l ))"; fi
done
if [ -f .clonedeploy/fleet ]; then IFS= read -r s <.clonedeploy/fleet; printf 'fleet %s\n' "$s"; fi
if [ -f .clonedeploy/drained ]; then IFS= read -r s <.clonedeploy/drained; printf 'drained %s\n' "$s"; fi
if [ -f ${paths.warm} ]; then s=; read -r s <${paths.warm}; printf 'warm %s\n' "$s"; fi
for l in ${paths.ports}/*; do [ ! -L "$l" ] || printf 'port %s %s\n' "\${l##*/}" "$(readlink "$l")"; done
if [ -e shared/maintenance ]; then s=; [ -f shared/maintenance ] && IFS= read -r s <shared/maintenance; printf 'maintenance %s\n' "$s"; fi
if [ -f .clonedeploy/history ]; then sed -n ${brought} .clonedeploy/history; fi
end`,
  ])
}

/** For sed: the last run that brought the host what it then served, and was not put back. */
const brought = '/"failed":/!{/"release":\\("[^"]*"\\),"previous":\\1/!h;};$!d;g;s/^./history &/p'

/** Whether an answer holds all that a host has to say; what its login prints is none. */
export function isInspection(stdout: Buffer): boolean {
  return isWhole(stdout) && /^root \//m.test(stdout.toString('latin1'))
}

/** Whether a lock of that age still has a living holder. */
export function isAlive(age: number): boolean {
  return Math.abs(age) <= lockLease
}
