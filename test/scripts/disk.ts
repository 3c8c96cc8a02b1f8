import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { writeFiles } from '../support/files.js'
import { busybox, folder, type Shell } from '../support/scripts.js'

/** A disk that keeps nothing but what a host has flushed, whatever the file system below it would keep of its own accord. */
export interface StrictDisk {
  /** The same shell, whose `sync` writes to this disk. */
  readonly shell: Shell
  /** All that is below the folder now is on the disk. */
  readonly keepAll: (root: string) => void
  /** What `sync` was given, a line for each time. */
  readonly calls: readonly string[]
  /**
   * What is below the folder when the power comes back: path → content, `-> TARGET`, or `folder`. A name is there when its
   * folder was flushed since it got it; what was in a file, when that was. `names`: somebody else's commit has brought every
   * name, and no content.
   */
  readonly afterPowerCut: (root: string, also?: 'names') => Readonly<Record<string, string>>
}

/** `refuses`: what this `sync` cannot do. */
export function strictDisk(shell: Shell, refuses: 'nothing' | 'folders' | 'names' = 'nothing'): StrictDisk {
  const bin = folder()
  const disk: Disk = { contents: new Map(), names: new Map() }
  const calls: string[] = []
  const asked = setInterval(() => {
    for (const name of readdirSync(bin).filter(name => name.startsWith('asked.'))) {
      const [cwd = '', ...args] = readFileSync(join(bin, name), 'utf8').split('\n').slice(0, -1)
      calls.push(args.join(' '))
      if (args.length === 0 || args[0] === '-f') keepBelow(disk, cwd)
      else for (const arg of args) keep(disk, join(cwd, arg))
      rmSync(join(bin, name))
    }
  }, 5)
  onTestFinished(() => clearInterval(asked))
  writeFiles(bin, { sync: { mode: 0o755, text: sync(bin, shell, refuses) } })
  return {
    shell: { ...shell, path: `${bin}:${shell.path}` },
    keepAll: root => keepBelow(disk, root),
    calls,
    afterPowerCut: (root, also) => left(disk, root, also === 'names'),
  }
}

/** All that is below a folder, told in the same way. */
export function whole(root: string): Record<string, string> {
  const disk: Disk = { contents: new Map(), names: new Map() }
  keepBelow(disk, root)
  return left(disk, root, false)
}

/** Both by inode: files have other names by then. */
interface Disk {
  readonly contents: Map<number, string>
  readonly names: Map<number, readonly Named[]>
}

interface Named {
  readonly name: string
  readonly ino: number
  readonly kind: 'file' | 'folder' | `-> ${string}`
}

/** Does what it is asked for, then says so and waits until it was noted. An old one takes no names and says nothing of it. */
function sync(bin: string, shell: Shell, refuses: 'nothing' | 'folders' | 'names'): string {
  const real = shell.name === 'busybox' ? `${busybox} sync` : '/usr/bin/sync'
  const odd = {
    nothing: '',
    folders: 'for f do [ "$1" = -f ] || [ ! -d "$f" ] || exit 1; done',
    names: '[ "$1" != -f ] || exit 1; set --',
  }[refuses]
  return `#!/bin/sh
${odd}
${real} "$@" || exit
{ pwd; [ "$#" = 0 ] || printf '%s\\n' "$@"; } >'${bin}'/new.$$ && mv '${bin}'/new.$$ '${bin}'/asked.$$
while [ -e '${bin}'/asked.$$ ]; do sleep 0.02; done
`
}

function keepBelow(disk: Disk, path: string): void {
  keep(disk, path)
  for (const { name, kind } of namesIn(path)) if (!kind.startsWith('->')) keepBelow(disk, join(path, name))
}

function keep({ contents, names }: Disk, path: string): void {
  const { ino } = statSync(path)
  if (statSync(path).isDirectory()) names.set(ino, namesIn(path))
  else contents.set(ino, readFileSync(path, 'latin1'))
}

function left(disk: Disk, root: string, withNames: boolean): Record<string, string> {
  const found: Record<string, string> = {}
  const visit = (ino: number, path: string, at: string) => {
    for (const { name, kind, ino: child } of withNames ? namesIn(path) : (disk.names.get(ino) ?? [])) {
      found[`${at}${name}`] = kind === 'file' ? (disk.contents.get(child) ?? '') : kind
      if (kind === 'folder') visit(child, join(path, name), `${at}${name}/`)
    }
  }
  visit(statSync(root).ino, root, '')
  return found
}

function namesIn(path: string): readonly Named[] {
  const stat = lstatSync(path)
  if (!stat.isDirectory()) return []
  return readdirSync(path).map(name => {
    const { ino } = lstatSync(join(path, name))
    return { name, ino, kind: kindOf(join(path, name)) }
  })
}

function kindOf(path: string): Named['kind'] {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}`
  return stat.isDirectory() ? 'folder' : 'file'
}
