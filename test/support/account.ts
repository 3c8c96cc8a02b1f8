import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FileText, writeFiles } from './files.js'
import type { Place } from './sshd.js'

export interface Account {
  readonly shell?: string
  /** Files in its home; null: it has none. */
  readonly home?: Readonly<Record<string, FileText>> | null
}

/** The user that has such an account. */
export const user = 'deploy'
const id = 54_321

/** Shell lines for the world of a host: there, that user logs in, and owns what the host keeps. */
export function account(at: Place, { shell = '/bin/sh', home = {} }: Account): readonly string[] {
  const path = join(at.folder, 'home')
  chmodSync(at.dir, 0o755)
  chownSync(at.folder, id, id)
  if (home !== null) {
    mkdirSync(path)
    writeFiles(path, home)
    chownSync(path, id, id)
  }
  return [first('passwd', `${user}:x:${id}:${id}::${path}:${shell}`), first('group', `${user}:x:${id}:`)]

  /** Before a user of this machine who has the same name. */
  function first(name: string, line: string): string {
    const file = join(at.folder, name)
    writeFileSync(file, `${line}\n${readFileSync(`/etc/${name}`, 'utf8')}`)
    return `mount --bind '${file}' /etc/${name}`
  }
}
