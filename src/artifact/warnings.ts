import { lstatSync, readdirSync } from 'node:fs'
import { PreflightError } from '../errors.js'
import { didYouMean } from '../text/suggest.js'
import { entriesOf, type Manifest } from './manifest/manifest.js'
import { onDisk, printable, someOf } from './printable-names.js'
import type { Verdict } from './select/path-rules.js'
import { endOf, parentOf, parentsOf } from './select/tree.js'
import type { Found } from './select/walk-tree.js'

/** Sentences about what is not deployed, or not as one may think, although nothing forbids it. */
export function warningsOf(found: Found, shared: readonly string[]): string[] {
  return [
    ...leftOut(found, 'shared', 'left out, because the hosts use their own in shared/'),
    ...leftOut(
      found,
      'env',
      'left out, because git does not track them ("include" can name them; "shared" and "secrets" give the hosts their own)',
    ),
    ...leftOut(found, 'export-ignore', 'left out, because .gitattributes says export-ignore'),
    ...leftOut(found, 'revision', 'left out, because each release gets its own, with the commit it was built from'),
    ...dangling(found, shared),
  ]
}

function leftOut(found: Found, why: Verdict, text: string): string[] {
  const paths = found.leftOut.filter(each => each.why === why).map(({ path }) => path)
  return paths.length === 0 ? [] : [`${text}: ${someOf(paths.map(printable))}`]
}

function dangling({ files, folders, links }: Found, shared: readonly string[]): string[] {
  const paths = [...[...files, ...folders, ...links].map(({ path }) => path), ...shared]
  const known = new Set(paths.flatMap(path => [path, ...parentsOf(path)]))
  const has = (path: string) => known.has(path) || parentsOf(path).some(parent => shared.includes(parent))
  const tree = { links: new Map(links.map(({ path, target }) => [path, target])), has }
  const lost = links.filter(({ path }) => endOf(path, tree) === 'missing')
  if (lost.length === 0) return []
  const shown = lost.map(({ path, target }) => `${printable(path)} → ${printable(target)}`)
  return [`symbolic links to nothing in the release: ${someOf(shown)}`]
}

const largeBytes = 512 * 1024 * 1024

/** A sentence about a release that is larger than most. */
export function largeWarnings(manifest: Manifest): string[] {
  const files = entriesOf(manifest).filter(entry => entry.kind === 'file')
  const total = files.reduce((sum, { size }) => sum + size, 0)
  if (total < largeBytes) return []
  const largest = files.sort((a, b) => b.size - a.size).slice(0, 3)
  const named = largest.map(({ path, size }) => `${printable(path)} (${megabytes(size)})`).join(', ')
  return [`the release is ${megabytes(total)} large; the largest files: ${named}`]
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`
}

/** Says of every `include` that brought nothing why that may be. */
export function unusedIncludes(dir: string, unused: readonly string[], found: Found): PreflightError {
  return new PreflightError(`"include" names what is not there: ${unused.map(printable).join(', ')}`, {
    details: [...unused.map(text => `${printable(text)}: ${reason(dir, text, found)}`), `looked in ${dir}`],
    next: ['correct "include" in the config, or the build that should make it'],
  })
}

function reason(dir: string, text: string, { leftOut }: Found): string {
  const path = text.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')
  if (path.split('/').includes('..')) return 'only what is below the folder can be included'
  const link = [...parentsOf(path)].reverse().find(parent => isLink(dir, parent))
  if (link) return `${printable(link)} is a symbolic link, which is not followed; include what it points at`
  const left = leftOut.find(each => each.path === path || path.startsWith(`${each.path}/`))
  if (left?.why === 'ignored') return 'left out by .deployignore'
  if (left?.why === 'shared') return 'it is a shared path: it lives on the hosts'
  if (path.split('/').some(name => name === '.git' || name === '.clonedeploy')) return 'never deployed'
  if (/\{.*,.*\}/.test(path)) return 'no such path; {a,b} is not a pattern here, write two lines'
  const siblings = list(dir, parentOf(path)).map(name => (parentOf(path) ? `${parentOf(path)}/${name}` : name))
  return `no such path${didYouMean(printable(path), siblings.map(printable))}`
}

function isLink(dir: string, path: string): boolean {
  try {
    return lstatSync(onDisk(dir, path)).isSymbolicLink()
  } catch {
    return false
  }
}

function list(dir: string, path: string): string[] {
  try {
    return readdirSync(onDisk(dir, path), { encoding: 'latin1' })
  } catch {
    return []
  }
}
