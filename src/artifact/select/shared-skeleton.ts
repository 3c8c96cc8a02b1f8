import { isUtf8 } from 'node:buffer'
import type { Skeleton } from '../../release/shared.js'
import { printable, someOf } from '../printable-names.js'
import type { Folder } from './folder.js'
import type { Judge } from './path-rules.js'
import { parentsOf } from './tree.js'
import type { FoundFile } from './walk-tree.js'

/** Bytes of a skeleton: it travels in a script, and is recorded with each release. */
const most = 16 * 1024

/**
 * The files that git tracks below the shared folders, as they are after the build, of those that `judge` would take: what
 * hosts begin with, where a shared folder is empty. Files beyond what a skeleton may hold are named in a warning.
 */
export async function skeletonOf(
  folder: Folder<FoundFile>,
  folders: readonly string[],
  judge: Judge,
): Promise<{ readonly skeleton: Skeleton; readonly warnings: readonly string[] }> {
  const skeleton: Record<string, string> = {}
  const left: string[] = []
  let room = most
  const paths = (await folder.trackedBelow(folders)).filter(path => isTaken(path, judge))
  const contents = await folder.contents(paths)
  for (const [i, path] of paths.entries()) {
    const content = contents[i] ?? null
    if (content === null) continue
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

function isTaken(path: string, judge: Judge): boolean {
  const leads = (verdict: string) => verdict === 'in' || verdict === 'through'
  return judge(path, false) === 'in' && parentsOf(path).every(parent => leads(judge(parent, true)))
}

function isText(content: Buffer): boolean {
  return isUtf8(content) && !content.includes(0)
}
