import { readFileSync } from 'node:fs'

/** Milliseconds. Reading a few small files of /proc is nothing beside what a deploy does. */
const interval = 250

/**
 * Calls back when one of the processes that started this one has ended. A CI runner that cancels a job signals its shell
 * alone: npx and its like hand no signal on, and what they started would go on as an orphan that holds the lock.
 */
export function watchParents(orphaned: () => void): () => void {
  const parent = process.ppid
  // Who only launches a job in the background has ended by the first look.
  let line: readonly number[] | null = null
  const timer = setInterval(() => {
    const now = ancestors(process.ppid)
    line ??= now
    if (process.ppid === parent && now.join() === line.join()) return
    clearInterval(timer)
    orphaned()
  }, interval)
  timer.unref()
  return () => clearInterval(timer)
}

/** A process, the one that started it, and so on; without /proc the process alone. */
function ancestors(pid: number): readonly number[] {
  if (pid < 2) return [pid]
  const stat = statOf(pid)
  // The name in it may hold anything, also a bracket.
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  return stat === '' || !Number.isInteger(parent) ? [pid] : [pid, ...ancestors(parent)]
}

function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return ''
  }
}
