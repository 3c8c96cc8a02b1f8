import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const shared = '/dev/shm'
const enough = 4e9

/**
 * A folder in memory for everything that tests write, or null where there is none: each step of a deploy flushes its host's
 * disk, and a busy disk takes seconds for that. What a power cut leaves is tested on disk images.
 */
export function memoryFolder(): string | null {
  try {
    const { bavail, bsize } = statfsSync(shared)
    if (bavail * bsize < enough) return null
    const dir = mkdtempSync(join(shared, 'clonedeploy-'))
    // Hosts' users and programs of tests enter it; some systems let nothing run there.
    chmodSync(dir, 0o755)
    if (runs(join(dir, 'program'))) return dir
    rmSync(dir, { recursive: true })
    return null
  } catch {
    return null
  }
}

function runs(program: string): boolean {
  try {
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 })
    execFileSync(program)
    return true
  } catch {
    return false
  } finally {
    rmSync(program, { force: true })
  }
}
