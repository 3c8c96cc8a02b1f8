import { lstatSync, mkdirSync, renameSync, rmSync, type Stats, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { UsageError } from '../errors.js'

export interface NewFile {
  readonly path: string
  readonly text: string
}

/** What is at a path already: nothing, a file (or a link), or something that no file can take the place of. */
export function thereIs(path: string): 'nothing' | 'file' | 'other' {
  const stats = statsOf(path)
  if (stats === undefined) return 'nothing'
  return stats.isFile() || stats.isSymbolicLink() ? 'file' : 'other'
}

function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path)
  } catch {
    return undefined
  }
}

/** Writes all of these files, or none: each under another name first. The first one is put in place last. Throws UsageError. */
export function writeAll(files: readonly NewFile[]): void {
  const ready: (readonly [from: string, to: string])[] = []
  const taken = files.find(({ path }) => thereIs(path) === 'other')
  if (taken !== undefined) throw new UsageError(`${taken.path} is there, and is no file. Nothing was written.`)
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(path), { recursive: true })
      const aside = `${path}.${process.pid}.new`
      ready.push([aside, path])
      writeFileSync(aside, text, { flag: 'wx' })
    }
  } catch (error) {
    for (const [aside] of ready) rmSync(aside, { force: true })
    throw new UsageError(`The files cannot be written: ${(error as Error).message}. Nothing was written.`, {
      cause: error,
    })
  }
  for (const [aside, path] of ready.reverse()) renameSync(aside, path)
}
