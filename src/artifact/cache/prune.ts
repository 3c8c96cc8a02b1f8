import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { digestIn } from './seen-files.js'
import { artifactsIn, notesOf, packsIn } from './store.js'

/**
 * Keeps the artifacts of these digests, the last few others, and whatever was used within a day: another run in this
 * project may be at it. Removes the other ones, the packs that none of the rest has, and what was noted of them.
 */
export function pruneCache(cacheDir: string, held: readonly string[], others = 10): void {
  if (!existsSync(cacheDir)) return
  const kept = pruneArtifacts(artifactsIn(cacheDir), new Set(held.map(nameOf)), others)
  for (const kind of ['builds', 'commits', 'seen'] as const) pruneNotes(notesOf(cacheDir, kind), kept)
}

/** Gives the names that stay. */
function pruneArtifacts(dir: string, held: ReadonlySet<string>, others: number): ReadonlySet<string> {
  const names = list(dir).flatMap(file => /^([0-9a-f]{64})\.manifest$/.exec(file)?.[1] ?? [])
  const spare = names.filter(name => !held.has(name)).sort((a, b) => age(manifest(a)) - age(manifest(b)))
  const unused = new Set(spare.slice(others).filter(name => isOld(manifest(name))))
  const kept = new Set(names.filter(name => !unused.has(name)))
  const packs = new Set([...kept].flatMap(packsOf))
  for (const file of list(dir).filter(name => !isKept(name, kept, packs)))
    if (isOld(join(dir, file))) rmSync(join(dir, file), { force: true })
  return kept

  function manifest(name: string): string {
    return join(dir, `${name}.manifest`)
  }
  function packsOf(name: string): readonly string[] {
    return (packsIn(join(dir, `${name}.packs`)) ?? []).map(({ content }) => basename(content, '.content'))
  }
}

function isKept(file: string, artifacts: ReadonlySet<string>, packs: ReadonlySet<string>): boolean {
  const [, name = '', end] = /^([0-9a-f]{64})\.(manifest|packs|content|index)$/.exec(file) ?? []
  return (end === 'manifest' || end === 'packs' ? artifacts : packs).has(name)
}

/** Each begins with the digest that it is about. */
function pruneNotes(dir: string | null, kept: ReadonlySet<string>): void {
  for (const file of list(dir).map(name => join(dir ?? '', name)))
    if (!kept.has(nameOf(digestIn(file))) && isOld(file)) rmSync(file, { force: true })
}

function nameOf(digest: string): string {
  return digest.replace('sha256:', '')
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
