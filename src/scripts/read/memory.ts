import { type ShellText, sh } from '../shell/shell.js'
import { eachLiving } from './processes.js'

/**
 * Tells in KiB what a host has for a release beside the one that is served: `available` and `swap`; `limit` is what the limits of
 * the login's own control group and those around it leave, `unit` the same of a process of the served release; then each such
 * process. $r is that release, '' where there is none, $R where releases are. What is not known is not told.
 */
export const memoryLines: ShellText = sh`while read -r k v x; do
  case $k in MemAvailable:) echo "memory available $v" ;; SwapFree:) echo "memory swap $v" ;; esac
done 2>/dev/null </proc/meminfo
# Pages of files count as used there, and are given back when they are needed.
left() {
  while IFS=: read -r x k g; do
    case ,$k, in
      ,,) G=/sys/fs/cgroup; set -- "$1" "$2" max current '' ;;
      *,memory,*) G=/sys/fs/cgroup/memory; set -- "$1" "$2" limit_in_bytes usage_in_bytes total_ ;;
      *) continue ;;
    esac
    while :; do
      g=\${g%/} m=max u=
      read -r m <"$G$g/memory.$3" && read -r u <"$G$g/memory.$4"
      case $m,$u in max,*|*,) ;; *)
        while read -r k v; do case $k in "$5"inactive_file|"$5"active_file) u=$(( u - v )) ;; esac; done <"$G$g/memory.stat"
        echo "memory $1 $(( (m - u) / 1024 ))" ;;
      esac
      case $g in */*) g=\${g%/*} ;; *) break ;; esac
    done
  done <"/proc/$2/cgroup"
} 2>/dev/null
left limit self
[ -z "$r" ] || {
${eachLiving(
  sh`"$R/$r"`,
  sh`v=
  for x in smaps_rollup status; do
    while read -r k v x; do case $k in Pss:|VmRSS:) break ;; esac; v=; done 2>/dev/null <"/proc/$p/$x"
    [ -z "$v" ] || break
  done
  [ -z "$v" ] || { echo "memory process $p $v"; left unit "$p"; }`,
)}
}`

/** What a host has for another release, in KiB; null: not known. */
export interface Memory {
  /** What can be had without swapping, and with it. */
  readonly free: number | null
  readonly withSwap: number | null
  /** What the limits leave that the app's processes are under; null: they have none. */
  readonly unit: number | null
  /** What the processes take that live in the served release; null: none is seen. */
  readonly served: number | null
}

/** `told`: the lines without their first word. */
export function parseMemory(told: readonly string[]): Memory {
  const all = (key: string) =>
    [...new Set(told)].flatMap(line => {
      const [word, ...rest] = line.split(' ')
      const last = rest.at(-1) ?? ''
      return word === key && /^-?\d{1,14}$/.test(last) ? [Number(last)] : []
    })
  const least = (values: readonly number[]) => (values.length === 0 ? null : Math.max(0, Math.min(...values)))
  const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0)
  const [available, limits, processes] = [all('available'), all('limit'), all('process')]
  return {
    free: least([...available, ...limits]),
    withSwap: least([...available.map(kb => kb + sum(all('swap'))), ...limits]),
    unit: least(all('unit')),
    served: processes.length === 0 ? null : sum(processes),
  }
}
