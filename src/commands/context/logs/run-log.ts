import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { isReleaseId } from '../../../release/id.js'

/** The full log of a run. It is kept in memory until the run has a name, and costs nothing when it never gets one. */
export interface RunLog {
  readonly write: (text: string) => void
  /** Gives the log its file, `.clonedeploy/logs/<name>.log` (`run.log` for what is no release id); a second run of that name goes on in it. */
  readonly name: (name: string) => void
  /** As the user would write it; null while there is no file. */
  readonly path: () => string | null
  readonly close: () => void
}

export function openLog(dir: string, shown: (path: string) => string): RunLog {
  let waiting: string[] = []
  let file: { readonly path: string; readonly fd: number } | null = null
  return {
    write(text) {
      if (file === null) waiting.push(text)
      else append(file.fd, text)
    },
    name(name) {
      if (file !== null) return
      mkdirSync(dir, { recursive: true })
      const path = join(dir, `${isReleaseId(name) ? name : 'run'}.log`)
      file = { path, fd: openSync(path, 'a', 0o600) }
      append(file.fd, waiting.join(''))
      waiting = []
    },
    path: () => (file === null ? null : shown(file.path)),
    close() {
      if (file !== null) closeSync(file.fd)
      file = null
    },
  }
}

/** A full disk here must not stop a deploy. */
function append(fd: number, text: string): void {
  try {
    writeSync(fd, text)
  } catch {}
}
