import { sh } from './shell.js'

/**
 * `endhook`: ends the command of a hook that outlived its controller, with its children where `timeout` made a group of
 * them: what a hook does after its release was put back or thrown away would be done to the wrong release. A process
 * that has no CLONEDEPLOY_RELEASE has got the number since, and is left alone.
 */
export const endHookFunction = sh`alive() { kill -0 "-$1" 2>/dev/null || kill -0 "$1" 2>/dev/null; }
endhook() {
  [ -f "$X/hook" ] || return 0
  p=; read -r p <"$X/hook"; rm -f "$X/hook"
  case $p in ''|*[!0-9]*) return 0 ;; esac
  [ ! -d /proc/self ] || tr '\000' '\012' <"/proc/$p/environ" 2>/dev/null | grep -q '^CLONEDEPLOY_RELEASE=' || return 0
  kill -TERM "-$p" 2>/dev/null || kill -TERM "$p" 2>/dev/null
  i=0
  while alive "$p" && [ "$i" -lt 5 ]; do sleep 1; i=$((i+1)); done
  alive "$p" || return 0
  kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null
}`
