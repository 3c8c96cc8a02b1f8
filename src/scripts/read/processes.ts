import { isReleaseId } from '../../release/id.js'
import { escapeLine } from '../../text/escape.js'
import { enter } from '../shell/fence.js'
import { type Script, type ShellText, script, sh, whole } from '../shell/shell.js'

/** A process that works in a release, or runs a program that lies in one. */
export interface Living {
  readonly pid: number
  readonly release: string
  readonly kind: LivingKind
  /** Name of the program; never its arguments, which may hold secrets. */
  readonly name: string
}

/**
 * `app`: what a restart has to end. The others come to their own end, or serve nobody: below a login's session or on a
 * terminal (a person, or a command of ours), below cron, or what pm2 keeps processes with.
 */
type LivingKind = 'app' | 'terminal' | 'session' | 'job' | 'supervisor'

/** Lists the processes that live in releases, as far as the login may see them. Changes nothing. */
export function processes(root: string): Script {
  return script('processes', [
    enter(root),
    sh`cd -P -- releases 2>/dev/null || { ${whole}; exit 0; }
R=$PWD
cd /
${eachLiving(
  sh`"$R"`,
  sh`r=\${t#"$R"/}; r=\${r%% (deleted)}; r=\${r%%/*}
  case $r in ''|*[!A-Za-z0-9._-]*) continue ;; esac
  s=$(cat "/proc/$p/stat" 2>/dev/null) || continue
  c=; { IFS= read -r c <"/proc/$p/comm"; } 2>/dev/null
  # Node 24 calls itself so.
  [ "$c" != MainThread ] || { x=$(readlink "/proc/$p/exe") && c=\${x##*/} && c=\${c%% (deleted)}; }
  set -- \${s##*) }
  k=app; q=\${2:-0}
  [ "\${5:-0}" = 0 ] || k=terminal
  case $c in 'PM2 v'*God*) k=supervisor ;; tmux*|screen|SCREEN|ssh-agent|gpg-agent) k=session ;; esac
  while [ "$k" = app ] && [ "$q" -gt 1 ]; do
    n=; { IFS= read -r n <"/proc/$q/comm"; } 2>/dev/null
    case $n in sshd|sshd-*|dropbear|tinysshd) k=session ;; cron|crond|CRON|anacron|atd) k=job ;; esac
    s=$(cat "/proc/$q/stat" 2>/dev/null) || break
    set -- \${s##*) }; q=\${2:-0}
  done
  printf 'process %s %s %s %s\n' "$p" "$r" "$k" "$c"`,
)}
${whole}`,
  ])
}

/** One entry for each release that a process lives in: its folder may be in one, its program in another. */
export function parseProcesses(stdout: Buffer): readonly Living[] {
  const lines = new Set(stdout.toString('utf8').split('\n'))
  return [...lines].flatMap(line => {
    const [, pid, release, kind, name] =
      /^process (\d+) (\S+) (app|terminal|session|job|supervisor) (.*)$/s.exec(line) ?? []
    if (pid === undefined || release === undefined || !isReleaseId(release)) return []
    return [{ pid: Number(pid), release, kind: kind as LivingKind, name: escapeLine(name ?? '') }]
  })
}

/** Does something for each process that works in this folder (a word of the shell), or runs a program of it: $p is its id, $t what lies there; of what was removed the kernel says ` (deleted)`. */
export function eachLiving(folder: ShellText, act: ShellText): ShellText {
  return sh`unset QUOTING_STYLE
ls -ln /proc/[0-9]*/cwd /proc/[0-9]*/exe 2>/dev/null | grep -F -e " -> "${folder} | while IFS= read -r t; do
  p=\${t#*/proc/}; p=\${p%%/*}; t=\${t#* -> }
  case "$t/" in ${folder}/*) ;; *) continue ;; esac
  ${act}
done`
}
