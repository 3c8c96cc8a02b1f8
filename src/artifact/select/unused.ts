import { lstatSync, readdirSync } from 'node:fs'
import { PreflightError } from '../../errors.js'
import { didYouMean } from '../../text/suggest.js'
import { printable } from '../printable.js'
import { onDisk } from './on-disk.js'
import { parentOf, parentsOf } from './tree.js'
import type { Found } from './walk.js'

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
