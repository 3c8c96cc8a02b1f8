import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { digestIn } from './seen-files.js'
import { artifactsIn, forget, notesOf } from './store.js'

/**
 * Keeps the artifacts of these digests, the last few others, and whatever was used within a day: another run in this
 * project may be at it. Removes the other ones, and what was noted of them.
 */
export function pruneCache(cacheDir: string, held: readonly string[], others = 10): void {
  if (!existsSync(cacheDir)) return
  const kept = pruneArtifacts(artifactsIn(cacheDir), new Set(held.map(nameOf)), others)
  pruneNotes(notesOf(cacheDir, 'builds'), kept)
  pruneNotes(notesOf(cacheDir, 'seen'), kept)
}

/** Gives the names that stay. */
function pruneArtifacts(dir: string, held: ReadonlySet<string>, others: number): ReadonlySet<string> {
  const files = list(dir)
  const whole = files.filter(file => /^[0-9a-f]{64}\.manifest$/.test(file)).map(withoutEnd)
  const spare = whole.filter(name => !held.has(name)).sort((a, b) => age(manifest(a)) - age(manifest(b)))
  const unused = spare.slice(others).filter(name => isOld(manifest(name)) && isOld(content(name)))
  for (const name of unused) forget(content(name))
  const unfinished = files.filter(file => !whole.includes(withoutEnd(file)))
  for (const file of unfinished) if (isOld(join(dir, file))) rmSync(join(dir, file), { force: true })
  return new Set(whole.filter(name => !unused.includes(name)))

  function manifest(name: string): string {
    return join(dir, `${name}.manifest`)
  }
  function content(name: string): string {
    return join(dir, `${name}.content`)
  }
}

/** Each begins with the digest that it is about. */
function pruneNotes(dir: string | null, kept: ReadonlySet<string>): void {
  for (const file of list(dir).map(name => join(dir ?? '', name)))
    if (!kept.has(nameOf(digestIn(file))) && isOld(file)) rmSync(file, { force: true })
}

function nameOf(digest: string): string {
  return digest.replace('sha256:', '')
}

function withoutEnd(file: string): string {
  return file.replace(/\..*$/, '')
}

const day = 86_400_000

function isOld(file: string): boolean {
  return age(file) > day
}

/** Milliseconds since the file was made or used. */
function age(file: string): number {
  return Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0)
}

function list(dir: string | null): string[] {
  return dir !== null && existsSync(dir) ? readdirSync(dir) : []
}
