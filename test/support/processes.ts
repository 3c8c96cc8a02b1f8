import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** Processes below a process, by /proc: children, their children and so on. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const each of running()) {
    const parent = parentOf(each)
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), each])
  }
  const found: number[] = []
  const walk = (parent: number) => {
    for (const child of children.get(parent) ?? []) {
      found.push(child)
      walk(child)
    }
  }
  walk(pid)
  return found
}

/** The process that started it, the one that started that, and so on. */
export function ancestors(pid: number): number[] {
  const parent = parentOf(pid)
  return parent === null || parent < 2 ? [] : [parent, ...ancestors(parent)]
}

/** Processes that were started with this line in their environment, wherever they hang by now. */
export function withEnvironment(entry: string): number[] {
  return running().filter(pid => read(`/proc/${pid}/environ`).split('\0').includes(entry))
}

/** Name of a program, as the kernel knows it: `sshd`. */
export function nameOf(pid: number): string {
  return read(`/proc/${pid}/comm`).trim()
}

/** The dead-man's switches that are at work in a folder. */
export function switchesIn(folder: string): readonly number[] {
  return running().filter(pid => {
    try {
      const here = readlinkSync(`/proc/${pid}/cwd`) === folder
      return here && nameOf(pid) !== 'sleep' && readlinkSync(`/proc/${pid}/fd/0`) === '/dev/null'
    } catch {
      return false
    }
  })
}

/** Processes that work in this folder: a host's switch, and the script that waits beside it. */
export function inFolder(folder: string): readonly number[] {
  return running().filter(pid => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder
    } catch {
      return false
    }
  })
}

export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name)
    } catch {
      // It ended by itself.
    }
  }
}

function running(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 1)
}

function parentOf(pid: number): number | null {
  const stat = read(`/proc/${pid}/stat`)
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  return Number.isInteger(parent) && stat !== '' ? parent : null
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
