import { escapeLine } from '../../text/escape.js'
import { type Script, script, sh } from '../shell/shell.js'

/** What `check` tells of a host besides its state. The clock comes first: the time until it was read is known best. */
export function facts(): Script {
  return script('facts', [
    sh`LC_ALL=C; export LC_ALL
printf 'now %s\n' "$(date +%s.%N)"
printf 'tar %s\n' "$(tar --version 2>&1 | sed -n 1p)"
case $(sync --help 2>&1) in *-f*) echo 'syncs folders' ;; esac
exit 0`,
  ])
}

interface HostFacts {
  /** Seconds since 1970 by the host's clock; whole ones where its `date` knows no smaller. null: it tells no time. */
  readonly now: number | null
  readonly exact: boolean
  /** `GNU`, `busybox`, or what it calls itself. */
  readonly tar: string
  /** Whether `sync -f` flushes one file system; else all of them are. */
  readonly syncsOne: boolean
}

export function parseFacts(stdout: Buffer): HostFacts {
  const lines = stdout.toString('utf8').split('\n')
  const one = (key: string) => lines.find(line => line.startsWith(`${key} `))?.slice(key.length + 1) ?? ''
  const now = one('now')
  return {
    now: /^\d{1,12}(\.|$)/.test(now) ? Number.parseFloat(now) : null,
    exact: /^\d+\.\d+$/.test(now),
    tar: escapeLine(flavour(one('tar')), 40),
    syncsOne: one('syncs') === 'folders',
  }
}

function flavour(version: string): string {
  const [, kind, number = ''] = /^tar \((GNU tar|busybox)\) v?(\d[\w.]*)?/.exec(version) ?? []
  if (kind === undefined) return version.split(' ').slice(0, 2).join(' ') || 'unknown'
  return `${kind === 'GNU tar' ? 'GNU' : kind} ${number}`.trim()
}

/** A process that bears `mark` as its name until a line comes. Prints its id. */
export function witness(mark: string): Script {
  return script('witness', [sh`exec sh -c 'echo "$$"; read -r line' ${mark}`])
}

/** Whether that process is on this machine: exit 0. */
export function sees(mark: string, pid: number): Script {
  return script('see', [sh`grep -q ${mark} /proc/${String(pid)}/cmdline 2>/dev/null`])
}
