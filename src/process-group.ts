import type { ChildProcess } from 'node:child_process'

/** Signals a child that leads a group (`detached`) and all below it. False when no process of the group is left. */
export function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (pid === undefined) return false
  try {
    return process.kill(-pid, signal)
  } catch {
    return false
  }
}
