import { type Script, script, sh } from '../shell/shell.js'

/** A process that bears `mark` as its name until a line comes. Prints its id. */
export function witness(mark: string): Script {
  return script('witness', [sh`exec sh -c 'echo "$$"; read -r line' ${mark}`])
}

/** Whether that process is on this machine: exit 0. */
export function sees(mark: string, pid: number): Script {
  return script('see', [sh`grep -q ${mark} /proc/${String(pid)}/cmdline 2>/dev/null`])
}
