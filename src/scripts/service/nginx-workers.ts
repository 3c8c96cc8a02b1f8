import { type ShellText, sh } from '../shell/shell.js'

/** What is seen of the worker processes of every nginx on a machine. */
export interface NginxWorkers {
  /** They take connections. */
  readonly active: number
  /** Those of configurations before: they take none, and answer what they hold. */
  readonly old: number
  /** Seconds since a file was changed that no nginx has read since; null: one has, or that cannot be told. */
  readonly unread: number | null
}

/** Shell function `workers`: a word `on,MASTER,PID,START` for each, `old` in front of those that shut down. START: ticks since the boot. */
const workersFunction = sh`workers() {
  t='^nginx: worker process'
  e=" $(LC_ALL=C grep -sl "$t is shutting down" /proc/[0-9]*/cmdline | tr '\n' ' ')"
  for f in $(LC_ALL=C grep -sl "$t" /proc/[0-9]*/cmdline); do
    p=\${f#/proc/}; p=\${p%%/*}
    s=; { IFS= read -r s <"/proc/$p/stat"; } 2>/dev/null || continue
    w=on; case $e in *" $f "*) w=old ;; esac
    set -- \${s##*) }
    echo "$w,$2,$p,\${20}"
  done
}`

/** Prints what `parseWorkers` reads, of a file ($f) that nginx is to have read. */
export const printWorkers: ShellText = sh`${workersFunction}
u=0; { read -r u t </proc/uptime; } 2>/dev/null
echo clock "\${u%.*}" "$(getconf CLK_TCK 2>/dev/null || echo 100)" "$(( $(date +%s) - $(stat -c %Y -- "$f" || echo 0) ))" $( (workers) )
`

/**
 * Shell function `taken`: waits until an nginx takes no connections by the workers that it had when $was was read, and prints for how
 * long it did, in milliseconds, since $from was. Exit: 1 where that does not come.
 */
export const takenFunction: ShellText = sh`${workersFunction}
clock() { read -r c t </proc/uptime; c=\${c%.*}\${c#*.}; }
pids() { for l in $(workers); do case $l in on,*) l=\${l%,*}; printf '%s ' "\${l##*,}" ;; esac; done; }
turned() {
  b=' ' g=
  for l in $(workers); do
    case $l in on,*) l=\${l#on,}; m=\${l%%,*}; l=\${l#*,}; p=\${l%%,*} ;; *) continue ;; esac
    case " $was" in *" $p "*) b="$b$m " ;; *) g="$g $m" ;; esac
  done
  for m in $g; do case $b in *" $m "*) ;; *) return 0 ;; esac; done
  return 1
}
taken() {
  until turned; do
    clock
    [ $((c-from)) -lt 3000 ] || { echo 'nginx goes on as before, although it was told to reload: its error log says why'; return 1; }
    sleep 0.02 2>/dev/null || sleep 1
  done
  clock; echo "took $((c-from))0"
}
was=$(pids)`

/** `line`: what `printWorkers` printed. null: none is seen. */
export function parseWorkers(line: string): NginxWorkers | null {
  const [, uptime, ticks, changed, ...words] = line.split(' ')
  const workers = words.map(word => word.split(','))
  if (workers.length === 0) return null
  const active = workers.filter(([state]) => state === 'on')
  const since = Number(changed)
  // Whole seconds, of two clocks.
  const isOlder = ([, , , start]: readonly string[]) => Number(uptime) - Number(start) / Number(ticks) > since + 2
  const masters = [...new Set(active.map(([, master]) => master))]
  const isBehind = masters.every(one => active.some(worker => worker[1] === one && isOlder(worker)))
  return { active: active.length, old: workers.length - active.length, unread: since >= 0 && isBehind ? since : null }
}
