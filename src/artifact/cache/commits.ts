import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Marks, marksIn, marksText } from '../suspect-files.js'
import { notesOf } from './store.js'

/** What a commit became that was packed as git keeps it. */
interface Packed {
  readonly commit: string
  readonly digest: string
  readonly marks: Marks
}

/** The commit that was packed last with these settings. */
export function recallCommit(cacheDir: string, line: string): Packed | null {
  const commits = notesOf(cacheDir, 'commits')
  if (commits === null) return null
  try {
    const [digest = '', commit = '', marks = ''] = readFileSync(join(commits, line), 'latin1').split('\n')
    return /^[0-9a-f]{40}$/.test(commit) ? { digest, commit, marks: marksIn(marks) } : null
  } catch {
    return null
  }
}

export function rememberCommit(cacheDir: string, line: string, { commit, digest, marks }: Packed): void {
  const commits = notesOf(cacheDir, 'commits')
  if (commits === null) return
  const file = join(commits, line)
  mkdirSync(commits, { recursive: true, mode: 0o700 })
  writeFileSync(`${file}.${process.pid}`, [digest, commit, marksText(marks), ''].join('\n'), { mode: 0o600 })
  renameSync(`${file}.${process.pid}`, file)
}
