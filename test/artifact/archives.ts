import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { busybox } from '../support/scripts.js'
import { temporary } from './folders.js'

export type Tar = 'GNU tar' | 'busybox tar'

export const tars: readonly Tar[] = ['GNU tar', 'busybox tar']

/** Extracts a gzipped tar as a host does, and gives the folder. */
export function extract(tar: Tar, gz: Uint8Array): string {
  const dir = join(temporary(), 'out')
  mkdirSync(dir)
  const script = tar === 'GNU tar' ? 'gzip -dc | tar -xof -' : '"$1" gzip -dc | "$1" tar -xof -'
  execFileSync('sh', ['-c', `umask 022; cd "$0" && ${script}`, dir, busybox], {
    input: gz,
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  return dir
}
