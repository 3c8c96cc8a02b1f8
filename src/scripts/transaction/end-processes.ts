import { sh } from '../shell/shell.js'

/**
 * `endwork`: ends what was begun for a transaction (its folder is `$1`) and outlived whoever began it, with all that
 * descends from it: a hook's command, and what the dead-man's switch restarts. What they do after their release was put
 * back or thrown away would be done to the wrong release. They are found by their recorded process ids. A number that
 * somebody else has got since is left alone: a hook has CLONEDEPLOY_RELEASE in its environment, a restart and a switch their
 * own script on their command line. Without /proc that cannot be told, and nothing is ended. Fails when some of it goes on.
 *
 * `family`: sets $g to processes and all that descend from them. They are stopped before they are ended: what one of
 * them starts meanwhile would be missed.
 */
export const endWorkFunction = sh`family() {
  l=$(sed -n 's/^\([0-9]*\) (.*) [^ ]* \([0-9]*\) .*/\1 \2/p' /proc/[0-9]*/stat 2>/dev/null)
  g=" $* "; b=
  while [ "$g" != "$b" ]; do
    b=$g; set -- $l
    while [ "$#" -gt 1 ]; do
      case $g in *" $1 "*) ;; *" $2 "*) g="$g$1 " ;; esac
      shift 2
    done
  done
}
living() {
  g=
  for q in "$@"; do
    { IFS= read -r l <"/proc/$q/stat"; } 2>/dev/null || continue
    case \${l##*) } in Z*|X*) ;; *) g="$g $q" ;; esac
  done
  [ -n "$g" ]
}
endfamily() {
  f=; family "$1"
  while [ "$g" != "$f" ]; do f=$g; kill -STOP $g 2>/dev/null; family $g; done
  kill -TERM $g 2>/dev/null; kill -CONT $g 2>/dev/null
  sleep 0.1 2>/dev/null
  i=0
  while living $g; do
    [ "$i" != 5 ] || { family $g; kill -KILL $g 2>/dev/null; }
    [ "$i" -lt 8 ] || return 1
    sleep 1; i=$((i+1))
  done
}
endwork() (
  c=0
  for w in hook restarting switching; do
    p=; { read -r p <"$1/$w"; } 2>/dev/null
    case $p in ''|*[!0-9]*) continue ;; esac
    case $w in hook) f=environ k='^CLONEDEPLOY_RELEASE=' ;; *) f=cmdline k="tx/\${1##*/}/\${w%ing}" ;; esac
    { tr '\000' '\012' <"/proc/$p/$f"; } 2>/dev/null | grep -q -e "$k" || continue
    endfamily "$p" || c=1
  done
  [ ! -e "$1/hook" ] || rm -f "$1/hook"
  return "$c"
)`
