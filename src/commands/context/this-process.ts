import { readFileSync, readlinkSync } from 'node:fs'
import type { ProcessMark } from '../../state/host-state.js'

/** This process, as it signs a lock; null where the machine cannot tell processes apart for good (no /proc). */
export function thisProcess(): ProcessMark | null {
  const machine = thisMachine()
  const began = beginningOf(process.pid)
  const uid = process.getuid?.()
  return machine === null || began === null || uid === undefined ? null : { machine, uid, pid: process.pid, began }
}

/** Whether that process was one of this machine and of this login (of others it might not see any), and has ended. */
export function isGone({ machine, uid, pid, began }: ProcessMark): boolean {
  return Number.isInteger(pid) && machine === thisMachine() && uid === process.getuid?.() && beginningOf(pid) !== began
}

/** Whether that process is one of this machine, and is still there. */
export function isLiving({ machine, pid, began }: ProcessMark): boolean {
  return Number.isInteger(pid) && machine === thisMachine() && beginningOf(pid) === began
}

/** This boot, and the pid namespace in it: containers count their processes for themselves. */
function thisMachine(): string | null {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return null
  }
}

/** When a process began, in the kernel's ticks; null: there is none, or only what its parent has still to take notice of. */
function beginningOf(pid: number): string | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
  } catch {
    return null
  }
}
