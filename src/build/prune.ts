import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { recallBuild } from './built.js'
import { notesOf } from './notes.js'
import { digestIn } from './seen.js'
import { artifactsIn, forget } from './store.js'

/** Keeps the artifacts that were used last, and removes what older ones left in the cache. */
export function pruneCache(cacheDir: string, keep = 10): void {
  if (!existsSync(cacheDir)) return
  const kept = pruneArtifacts(artifactsIn(cacheDir), keep)
  const builds = notesOf(cacheDir, 'builds')
  for (const key of list(builds)) {
    const file = join(builds ?? '', key)
    const built = recallBuild(cacheDir, key)
    const wanted = built !== null && kept.has(built.digest.replace('sha256:', ''))
    if (!wanted && (/^[0-9a-f]{64}$/.test(key) || age(file) > day)) rmSync(file, { force: true })
  }
  const seen = notesOf(cacheDir, 'seen')
  for (const name of list(seen)) {
    const file = join(seen ?? '', name)
    if (!kept.has(digestIn(file).replace('sha256:', ''))) rmSync(file, { force: true })
  }
}

/** The names that stay. */
function pruneArtifacts(dir: string, keep: number): ReadonlySet<string> {
  const names = [...new Set(list(dir).map(file => file.replace(/\..*$/, '')))]
  const whole = names.filter(name => existsSync(join(dir, `${name}.manifest`)))
  const newest = whole.sort((a, b) => age(join(dir, `${a}.manifest`)) - age(join(dir, `${b}.manifest`)))
  const kept = new Set(newest.slice(0, keep))
  for (const name of newest.slice(keep)) forget(join(dir, `${name}.content`))
  for (const file of list(dir)) {
    const unfinished = !whole.includes(file.replace(/\..*$/, ''))
    if (unfinished && age(join(dir, file)) > day) rmSync(join(dir, file), { force: true })
  }
  return kept
}

const day = 86_400_000

/** Milliseconds since the file was made or used. */
function age(file: string): number {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
}

function list(dir: string | null): string[] {
  return dir !== null && existsSync(dir) ? readdirSync(dir) : []
}
