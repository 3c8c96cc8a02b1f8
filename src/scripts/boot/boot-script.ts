import { paths } from '../../release/paths.js'
import { highestEpoch } from '../shell/fence.js'
import { ShellText, sh } from '../shell/shell.js'
import { resolveFunctions } from '../transaction/boot-resolver.js'
import { blanks, fillFunction } from './blanks.js'
import { type GenerationSettings, generations } from './generations.js'
import { programHead } from './program.js'
import { type StorePlace, storeReader } from './store-reader.js'

/** What a machine is given so that it brings itself to what its fleet serves. */
export interface BootSettings extends GenerationSettings {
  /** As the configuration writes it. */
  readonly deployTo: string
  readonly place: StorePlace
  readonly roles: readonly string[]
  /** The file that is there only while the machine may have users. */
  readonly ready: string
  /** Seconds that it waits for the store, for a deploy that is at work and for its own lock. */
  readonly wait: number
  /** Seconds without a sign of life after which a swap is put back. */
  readonly lease: number
}

/** What the script ends with. 0: the machine serves what its fleet has confirmed, and is ready. */
export const bootCodes = {
  /** Its command line, or `deployTo`, is wrong. */
  usage: 2,
  /** The store cannot be read, or has nothing that may be served. */
  store: 3,
  /** A deploy is at work, or the lock is somebody else's, for longer than is waited. */
  waited: 4,
  /** The release could not be installed, started or confirmed; what was served before is served. */
  failed: 5,
  /** A deploy is in charge of this machine, and it does not serve what is confirmed. */
  charge: 6,
} as const

/** In the ids of transactions of boots, and of no others: these have hexadecimal digits only. */
const bootMark = 'boot'

/** `.clonedeploy/boot`: what the last boot came to (JSON, one line), for people and for the next boot. */
const record = '.clonedeploy/boot'

/**
 * The script that a machine runs at every boot, before anybody is sent to it. It is ready only when the newest generation of
 * the store, read once more at the end, says that what it serves is confirmed. Whatever else comes of it is said on stderr,
 * in the record and in the exit code. `sh FILE bake` takes from an image what belongs to the machine that it was made on.
 */
export function bootScript(settings: BootSettings): string {
  const { app, stage } = settings
  const head = [
    '#!/bin/sh',
    `# Brings this machine to the release that the fleet of ${plainWords(app)} (${plainWords(stage)}) has confirmed, at every boot.`,
    '# Written by `clonedeploy image`. Exit: 0 ready; 2 usage; 3 store; 4 waited; 5 failed; 6 a deploy is in charge.',
  ]
  const parts = [
    start(settings),
    records,
    storeReader(settings.place),
    generations(settings),
    charge,
    resolveFunctions(settings.lease),
    fillFunction,
    install(settings),
    bake,
    boot(settings),
  ]
  return [...head, ...parts.map(String), ''].join('\n')
}

function plainWords(text: string): string {
  return text.replace(/[\r\n%]+/g, ' ')
}

/** The readiness file goes first: nobody is to meet what is here until it is known to be right. */
function start({ deployTo, ready, roles, wait }: BootSettings): ShellText {
  return sh`unset CDPATH
LC_ALL=C; export LC_ALL
umask 022
READY=\${CLONEDEPLOY_READY:-${ready}}
WAIT=${wait}
clonedeploy_roles=${roles.join(' ')}
case $# in 0) what=boot ;; *) what=$1 ;; esac
case $what in boot|bake) ;; *) echo "usage: $0 [bake]" >&2; exit ${bootCodes.usage} ;; esac
rm -f "$READY"
D=${deployTo}
case $D in /*) ;; '~/'*) D=$HOME/\${D#'~/'} ;; *) D=$HOME/$D ;; esac
mkdir -p -- "$D" 2>/dev/null
cd -- "$D" 2>/dev/null && [ -w . ] || { echo "clonedeploy: $D cannot be used" >&2; exit ${bootCodes.usage}; }
root=$(pwd -P)
case $root in *[,\&\\\'\"]*|*'
'*) echo "clonedeploy: $root has a character that no deployTo may have here" >&2; exit ${bootCodes.usage} ;; esac
host=$(uname -n | tr -cd 'A-Za-z0-9._-'); host=\${host:-unknown}
now() { { read -r u _ </proc/uptime && echo "\${u%%.*}"; } 2>/dev/null || date +%s; }
end=$(( $(now) + WAIT ))
( umask 077; mkdir -p .clonedeploy/booting ) || { echo "clonedeploy: $root cannot be written" >&2; exit ${bootCodes.usage}; }
for d in .clonedeploy/booting/*; do [ -e "/proc/\${d##*/}" ] || rm -rf "$d"; done
F=$root/.clonedeploy/booting/$$
( umask 077; mkdir "$F" ) || exit ${bootCodes.usage}
trap 'rm -rf "$F"' EXIT
trap 'exit 143' TERM INT HUP`
}

const records = sh`seen=0 mine=false release= digest= N=0
recorded() { [ ! -f ${record} ] || sed -n "s/.*\"$1\":\\([a-z0-9]*\\)[,}].*/\\1/p" ${record} | head -n 1; }
case $(recorded seen) in ''|*[!0-9]*|???????????*) ;; *) seen=$(recorded seen) ;; esac
# Nobody has put anything here, or a boot has.
if [ ! -e current ] && [ ! -L current ] || [ "$(recorded mine)" = true ]; then mine=true; fi
note() {
  t=$(printf %s "$2" | tr -d '\000-\037\177"\\' | cut -c 1-500)
  ( umask 077; printf '{"seen":%s,"mine":%s,"state":"%s","release":"%s","reason":"%s","at":"%s"}\n' "$seen" "$mine" "$1" "$release" "$t" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$F/record" ) && sync "$F/record" 2>/dev/null
  mv -f "$F/record" ${record}
}
fail() { c=$1; shift; rm -f "$READY"; note failed "$*"; echo "clonedeploy: not ready: $*" >&2; exit "$c"; }
# For what may be better in a moment; $1 is the code when it is not.
later() { [ "$(now)" -lt "$end" ] || fail "$@"; sleep 2; }`

/** Whether a deploy decides about this machine, and why: then nothing is changed here. */
const charge = sh`highest() { ${highestEpoch}; }
charged() {
  why=
  if [ -e ${paths.fleet} ]; then why='a deploy has named this machine'
  elif [ "$mine" != true ]; then why='what is served here was put here by something else'
  else
    highest
    e=.clonedeploy/epochs/$h
    t=; { read -r t <"$e/tx"; } 2>/dev/null
    case $t in ''|*${new ShellText(bootMark)}*) ;; *) [ -e "$e/released" ] || why='somebody else holds the lock' ;; esac
  fi
  [ -n "$why" ]
}
settled() { for u in .clonedeploy/tx/*/undecided; do [ ! -e "$u" ] || return 1; done; }
serves_it() {
  [ "$(readlink current)" = "releases/$release" ] && settled &&
  case $(sed 1q ".clonedeploy/manifests/$release.seal" 2>/dev/null) in *"\"digest\":\"sha256:$digest\""*) return 0 ;; esac
  return 1
}`

/** 0: the release is served; 75, 78, 79: somebody else was here; 2: the store does not give it; else what failed, in `$F/why`. */
function install({ keys }: BootSettings): ShellText {
  return sh`sum_of() { sha256sum <"$1" | cut -c 1-64; }
install() {
  get ${keys.app}/"$program" "$F/blank" ${8 << 20} || { s=$?; [ "$s" = 2 ] || echo "its program is not there: $program" >"$F/why"; return 2; }
  [ "$(sum_of "$F/blank")" = "\${program##*boot-}" ] || { echo 'its program is not what its name says' >"$F/why"; return 1; }
  [ "$(sed -n 2p "$F/blank")" = ${programHead}" $release sha256:$digest" ] || { echo 'its program is of another release, or another clonedeploy' >"$F/why"; return 1; }
  old=${blanks.old} previous=
  case $(readlink current) in releases/*/*|releases/.*|releases/-*) ;; releases/*[!A-Za-z0-9._-]*) ;; releases/?*) old=$(readlink current); old=\${old#releases/}; previous=$old ;; esac
  tx=$(printf '%012x' "$(date +%s)000")${new ShellText(bootMark)}$(head -c 32 /dev/urandom | sha256sum | cut -c 1-28)
  at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
  fill "$F/blank" >"$F/program" || return 1
  if sh "$F/program" needs; then
    set -- $(sed -n '3s/^# payload //p' "$F/blank")
    get ${keys.app}/"$1" "$F/payload" "$3" || { s=$?; [ "$s" = 2 ] || echo "its files are not there: $1" >"$F/why"; return 2; }
    [ "$(sum_of "$F/payload")" = "$2" ] || { echo 'its files are not those that were kept' >"$F/why"; return 1; }
  fi
  ( unset CLONEDEPLOY_S3_KEY_ID CLONEDEPLOY_S3_SECRET CLONEDEPLOY_S3_TOKEN CLONEDEPLOY_STORE_LOGIN
    clonedeploy_work=$F/work clonedeploy_payload=$F/payload clonedeploy_tree=$tree
    export clonedeploy_work clonedeploy_payload clonedeploy_tree clonedeploy_roles
    exec sh "$F/program" run ) </dev/null 2>"$F/errors"
  c=$?
  cat "$F/errors" >&2
  tail -n 1 "$F/errors" >"$F/why"
  [ "$c" != 2 ] || c=1
  return "$c"
}`
}

/** What a machine has of its own and an image must not have: the records of deploys, its locks, and what it has seen to be ready. */
const bake = sh`if [ "$what" = bake ]; then
  highest
  [ "$h" = 0 ] || [ -e ".clonedeploy/epochs/$h/released" ] || fail ${bootCodes.waited} 'it is not baked: the lock is held'
  settled || fail ${bootCodes.waited} 'it is not baked: a swap is not decided'
  mine=true
  note baked ''
  rm -rf .clonedeploy/epochs .clonedeploy/tx .clonedeploy/incoming ${paths.fleet} ${paths.drained} ${paths.warm}
  sync
  echo "baked: $root"
  exit 0
fi`

function boot({ wait }: BootSettings): ShellText {
  return sh`note working ''
( for X in .clonedeploy/tx/*${new ShellText(bootMark)}*; do resolveone; done ) </dev/null
while :; do
  open_store || { later ${bootCodes.store} "the store cannot be read: $(tail -n 1 "$F/why")"; continue; }
  newest; c=$?
  [ "$c" != 3 ] || fail ${bootCodes.store} "the store has lost generation $seen, which was seen here; if the store was made anew: sed -i 's/[0-9]*,/0,/' $root/${new ShellText(record)}"
  [ "$c" = 0 ] || { later ${bootCodes.store} "the store cannot be read: $(tail -n 1 "$F/why")"; continue; }
  [ "$N" -gt 0 ] || { later ${bootCodes.store} 'the store has no generation of this stage'; continue; }
  has "$N"; c=$?
  [ "$c" = 0 ] || { later ${bootCodes.store} "generation $N cannot be read: $(tail -n 1 "$F/why")"; continue; }
  understand || fail ${bootCodes.store} "generation $N is not as clonedeploy writes them now"
  believe || { release=; fail ${bootCodes.store} "generation $N $(tail -n 1 "$F/why")"; }
  seen=$N
  [ "$state" != pending ] || { later ${bootCodes.waited} "generation $N is pending: a deploy has been at work for more than ${new ShellText(String(wait))} s"; continue; }
  [ -n "$release" ] || fail ${bootCodes.store} "generation $N confirms no release whose files are in the store"
  ! is_bad || fail ${bootCodes.store} "generation $N says that $release is bad: $(bad_reason)"
  if charged; then
    serves_it || { later ${bootCodes.charge} "$why, and it does not serve $release: clonedeploy repair, or join"; continue; }
  else
    [ -n "$program" ] || fail ${bootCodes.store} "$release cannot be brought up without a deploy"
    note working "installing generation $N"
    install; c=$?
    case $c in
      0) ;;
      75|78|79|85) later ${bootCodes.waited} "$release was not installed: $(tail -n 1 "$F/why")"; continue ;;
      2) later ${bootCodes.store} "$release cannot be fetched: $(tail -n 1 "$F/why")"; continue ;;
      *) fail ${bootCodes.failed} "$release: $(tail -n 1 "$F/why")" ;;
    esac
  fi
  # What was confirmed meanwhile is what users meet: the number after this one must still be free.
  has "$((N+1))"; c=$?
  case $c in
    1) break ;;
    0) later ${bootCodes.waited} 'there was always another generation' ;;
    *) later ${bootCodes.store} "the store cannot be read again: $(tail -n 1 "$F/why")" ;;
  esac
done
mkdir -p -- "\${READY%/*}" 2>/dev/null
note ready "generation $N"
printf '%s\n' "$release" >"$READY.new" && mv -f "$READY.new" "$READY" || fail ${bootCodes.failed} "the readiness file cannot be written: $READY"
echo "clonedeploy: ready: $release, generation $N"`
}
