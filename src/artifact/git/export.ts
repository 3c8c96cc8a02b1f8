import { lstatSync, readFileSync, writeFileSync } from 'node:fs'
import { onDisk, rawName } from '../printable-names.js'
import type { PathTest } from '../select/deployignore.js'
import { parentsOf } from '../select/tree.js'
import { type GitOptions, git, gitList, tryGit } from './git.js'

/** Which paths of a checkout (below `subdir`) `git archive` would leave out: their attribute is `export-ignore`. */
export async function exportIgnored(checkout: string, subdir: string): Promise<PathTest> {
  if (!(await mentions('export-ignore', checkout))) return () => false
  const failure = 'the attributes of the files cannot be read'
  const run = { cwd: checkout, failure }
  const files = await gitList(['ls-files', '-z'], run)
  const folders = new Set(files.flatMap(parentsOf))
  // A folder ends in a slash, or patterns that do would not match it.
  const input = [...files, ...[...folders].map(folder => `${folder}/`)].map(path => `${path}\0`).join('')
  const told = await gitList(['check-attr', '--stdin', '-z', 'export-ignore'], { ...run, input })
  const ignored = new Set(
    told.flatMap((path, i) => (i % 3 === 0 && told[i + 2] === 'set' ? [path.replace(/\/$/, '')] : [])),
  )
  const prefix = subdir === '.' ? '' : rawName(`${subdir.replace(/\/$/, '')}/`)
  return path => ignored.has(prefix + path)
}

/**
 * Replaces `$Format:…$` as `git archive` does, in the files of a checkout whose attribute is `export-subst`. git takes them
 * for unchanged: to a build the checkout is as clean as before.
 */
export async function substituteFormats(checkout: string, commit: string): Promise<void> {
  if (!(await mentions('export-subst', checkout))) return
  const failure = 'the files with export-subst cannot be filled in'
  const run = { cwd: checkout, failure }
  for (const path of await gitList(['ls-files', '-z', '--', ':(attr:export-subst)'], run)) {
    if (await substitute(onDisk(checkout, path), format => formatted(format, commit, run)))
      await git(['update-index', '--assume-unchanged', '-z', '--stdin'], { ...run, input: `${path}\0` })
  }
}

async function substitute(file: string | Buffer, fill: (format: string) => Promise<string>): Promise<boolean> {
  if (!lstatSync(file).isFile()) return false
  const [first = '', ...rest] = readFileSync(file, 'latin1').split('$Format:')
  if (rest.length === 0) return false
  let text = first
  for (const part of rest) {
    const end = part.indexOf('$')
    text += end < 0 ? `$Format:${part}` : `${await fill(part.slice(0, end))}${part.slice(end + 1)}`
  }
  writeFileSync(file, text, 'latin1')
  return true
}

/** Both are latin1. A format may ask for the signature of the commit: no program of this machine looks at it. */
async function formatted(format: string, commit: string, run: GitOptions): Promise<string> {
  const text = Buffer.from(format, 'latin1').toString()
  return rawName(await git([...unsigned, 'log', '-1', '--no-color', `--format=tformat:${text}`, commit, '--'], run))
}

const unsigned = ['gpg', 'gpg.x509', 'gpg.ssh'].flatMap(kind => ['-c', `${kind}.program=false`])

async function mentions(attribute: string, checkout: string): Promise<boolean> {
  const search = ['grep', '--quiet', '--fixed-strings', '-e', attribute, 'HEAD', '--', ':(glob)**/.gitattributes']
  return (await tryGit(search, { cwd: checkout })).ok
}
