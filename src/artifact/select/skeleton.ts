import { isUtf8 } from 'node:buffer'
import { lstatSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Skeleton } from '../../release/linked.js'
import { onDisk, printable, rawName, someOf } from '../printable-names.js'
import type { Judge } from './judge.js'
import { trackedIn } from './tracked.js'
import { parentsOf } from './tree.js'

/** Bytes of a skeleton: it travels in a script, and is recorded with each release. */
const most = 16 * 1024

/**
 * The files that git tracks below the shared folders, as they are after the build, of those that `judge` would take: what
 * hosts begin with, where a shared folder is empty. Files beyond what a skeleton may hold are named in a warning.
 */
export async function skeletonOf(
  dir: string,
  project: string,
  folders: readonly string[],
  judge: Judge,
): Promise<{ readonly skeleton: Skeleton; readonly warnings: readonly string[] }> {
  const skeleton: Record<string, string> = {}
  const left: string[] = []
  let room = most
  for (const path of await trackedBelow(dir, project, folders)) {
    if (!isTaken(path, judge) || !isFile(dir, path)) continue
    const content = readFileSync(onDisk(dir, path))
    const name = Buffer.from(path, 'latin1')
    const size = name.length + content.length
    if (size > room || !isText(content) || !isUtf8(name)) left.push(path)
    else {
      skeleton[name.toString('utf8')] = content.toString('utf8')
      room -= size
    }
  }
  return { skeleton, warnings: left.length === 0 ? [] : [`${tooMuch}: ${someOf(left.map(printable))}`] }
}

const tooMuch = 'not put into empty shared folders, which get text files of 16 KiB altogether'

async function trackedBelow(dir: string, project: string, folders: readonly string[]): Promise<readonly string[]> {
  if (folders.length === 0) return []
  let prefix = ''
  const { paths } = await trackedIn(dir, project, at => {
    prefix = rawName(at)
    return folders.map(folder => `:(literal)${join(at, folder)}/`)
  })
  return paths.map(path => relative(prefix, path))
}

function isTaken(path: string, judge: Judge): boolean {
  const leads = (verdict: string) => verdict === 'in' || verdict === 'through'
  return judge(path, false) === 'in' && parentsOf(path).every(parent => leads(judge(parent, true)))
}

function isFile(dir: string, path: string): boolean {
  return [path, ...parentsOf(path)].every((each, i) => {
    const stats = lstatSync(onDisk(dir, each), { throwIfNoEntry: false })
    return i === 0 ? stats?.isFile() : stats?.isDirectory()
  })
}

function isText(content: Buffer): boolean {
  return isUtf8(content) && !content.includes(0)
}
