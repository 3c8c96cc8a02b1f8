import { execFileSync } from 'node:child_process'
import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A file system of its own, mounted in a folder. */
export interface Disk {
  /** Takes every byte, or every inode; what it made is removed by `free`. */
  readonly fill: (what: 'bytes' | 'inodes') => void
  readonly free: () => void
  readonly readOnly: (on: boolean) => void
  readonly unmount: () => void
}

/** Whether file systems can be mounted here: tests that need it are skipped, and say so. */
export function canMount(): boolean {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-mount-'))
  try {
    mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', dir)
    execFileSync('umount', [dir])
    return true
  } catch {
    process.stderr.write('SKIPPED: tests with disks of their own, because nothing can be mounted here (root can)\n')
    return false
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

export function mountDisk(folder: string): Disk {
  mkdirSync(folder, { recursive: true })
  mount('-t', 'tmpfs', '-o', 'size=24m,nr_inodes=2000', 'tmpfs', folder)
  return diskOn(folder)
}

export interface Image extends Disk {
  /**
   * The file system as it would come up again if the power went off now: a copy of what has reached the medium. With
   * `commit`, a database beside the app has just committed: that brings every name, and nothing of what is in files.
   */
  readonly afterPowerCut: (commit: boolean) => { readonly folder: string; readonly remove: () => void }
}

/** The same as ext4 in a file. */
export function mountImage(folder: string): Image {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-image-'))
  const file = join(dir, 'disk')
  closeSync(openSync(file, 'w'))
  execFileSync('truncate', ['-s', '64M', file])
  execFileSync('mkfs.ext4', ['-q', file], { stdio: 'pipe' })
  mkdirSync(folder, { recursive: true })
  mount('-o', 'loop', file, folder)
  rmSync(join(folder, 'lost+found'), { recursive: true })
  const disk = diskOn(folder)
  return {
    ...disk,
    afterPowerCut(commit) {
      if (commit) flushOther(join(folder, '.other'))
      const copy = mkdtempSync(join(dir, 'copy-'))
      copyFileSync(file, `${copy}.img`)
      mount('-o', 'loop', `${copy}.img`, copy)
      return { folder: copy, remove: () => execFileSync('umount', [copy]) }
    },
    unmount() {
      disk.unmount()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

function flushOther(path: string): void {
  const other = openSync(path, 'w')
  writeSync(other, 'committed')
  fsyncSync(other)
  closeSync(other)
}

function diskOn(folder: string): Disk {
  const filler = join(folder, '.clonedeploy', 'filler')
  return {
    fill(what) {
      mkdirSync(filler, { recursive: true })
      if (what === 'inodes') untilFull(n => writeFileSync(join(filler, String(n)), ''))
      else fillBytes(join(filler, 'bytes'))
    },
    free: () => rmSync(filler, { recursive: true, force: true }),
    readOnly: on => mount('-o', `remount,${on ? 'ro' : 'rw'}`, folder),
    unmount: () => execFileSync('umount', ['-l', folder]),
  }

  function fillBytes(file: string): void {
    const open = openSync(file, 'w')
    const chunk = Buffer.alloc(4096)
    untilFull(() => {
      if (writeSync(open, chunk) < chunk.length) throw new Error('full')
    })
    closeSync(open)
    if (statfsSync(folder).bavail > 0) throw new Error(`${folder} is not full`)
  }
}

function untilFull(add: (n: number) => void): void {
  for (let n = 0; ; n++) {
    try {
      add(n)
    } catch {
      return
    }
  }
}

function mount(...args: readonly string[]): void {
  execFileSync('mount', args, { stdio: 'pipe' })
}
