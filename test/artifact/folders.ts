import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atFileEnd } from '../support/file-end.js'

const made: string[] = []

export function temporary(): string {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-build-'))
  made.push(dir)
  return dir
}

atFileEnd(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true })
})

/** Name (latin1: a byte a character) → content; a name that ends in `/` is a folder, the content `-> x` a link, `#!…` an executable. */
export type Tree = Readonly<Record<string, string>>

export function fill(dir: string, tree: Tree): string {
  for (const [name, content] of Object.entries(tree)) {
    const path = bytes(dir, name.replace(/\/$/, ''))
    const parent = name.replace(/\/$/, '').split('/').slice(0, -1).join('/')
    mkdirSync(bytes(dir, parent), { recursive: true })
    if (name.endsWith('/')) mkdirSync(path, { recursive: true })
    else if (content.startsWith('-> ')) symlinkSync(Buffer.from(content.slice(3), 'latin1'), path)
    else {
      writeFileSync(path, content, 'latin1')
      chmodSync(path, content.startsWith('#!') ? 0o755 : 0o644)
    }
  }
  return dir
}

/** The same of a folder on disk: what is in it, byte for byte, with modes. */
export function read(dir: string, at = ''): Record<string, string> {
  const all: Record<string, string> = {}
  for (const name of readdirSync(bytes(dir, at), { encoding: 'latin1' })) {
    const path = at === '' ? name : `${at}/${name}`
    const stats = lstatSync(bytes(dir, path))
    if (stats.isSymbolicLink()) all[path] = `-> ${readlinkSync(bytes(dir, path), { encoding: 'latin1' })}`
    else if (stats.isDirectory()) Object.assign(all, { [`${path}/`]: `folder ${mode(stats.mode)}` }, read(dir, path))
    else all[path] = `${mode(stats.mode)} ${readFileSync(bytes(dir, path), 'latin1')}`
  }
  return all
}

export function bytes(dir: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(name, 'latin1')])
}

function mode(bits: number): string {
  return (bits & 0o7777).toString(8)
}

export const nothingShared = { dirs: [], files: [] }

/** A tree of every kind of name that has broken a deployment tool. */
export const hostile: Tree = {
  '-rf': 'dash',
  '--': 'two dashes',
  '--checkpoint-action=exec=sh x': 'an option of tar',
  '-> x': 'an arrow',
  ' leading and trailing ': 'spaces',
  'two  spaces': 'spaces',
  'tab\there': 'tab',
  'new\nline': 'newline',
  '\n': 'only a newline',
  'carriage\rreturn': 'cr',
  'bell\x07 escape\x1b[31m': 'control',
  'byte\x1e036': 'the byte that stands for a newline',
  "it's": 'quote',
  'say "hi"': 'double quote',
  '$(touch pwned)': 'substitution',
  '`touch pwned`': 'backticks',
  $HOME: 'variable',
  'back\\slash': 'backslash',
  'back\\nslash': 'an escape',
  '*': 'star',
  'a?[b]{c,d}': 'glob',
  '#comment': 'hash',
  '!bang': 'bang',
  '@at': 'at',
  '~': 'tilde',
  'semi;colon&amp|pipe<in>out': 'shell',
  'd f l': 'words of the manifest',
  '\xff\xfe latin1 \xe9': 'not UTF-8',
  '\xc3\xa9t\xc3\xa9': 'UTF-8',
  '...': 'three dots',
  '..a': 'two dots and more',
  ['n'.repeat(255)]: '255 bytes',
  ['deep/'.repeat(25) + 'x'.repeat(120)]: 'more than 100 and 155 bytes',
  [`${'very-deep-folder/'.repeat(30)}file`]: 'more than 255 bytes',
  ['p'.repeat(94)]: '99 bytes in the archive',
  ['p'.repeat(95)]: '100 bytes in the archive',
  ['p'.repeat(96)]: '101 bytes in the archive',
  empty: '',
  'empty folder/': '',
  'folder/\n/file in a newline': 'deep newline',
  'run.sh': '#!/bin/sh\n',
  'blocks/511': 'x'.repeat(511),
  'blocks/512': 'x'.repeat(512),
  'blocks/513': 'x'.repeat(513),
  'links/to file': '-> ../empty',
  'links/to folder': '-> ../folder',
  'links/to nothing': '-> nowhere//at/all/',
  'links/new\nline': '-> new\nline too',
  'links/bytes': '-> \xff\xfe',
  'links/long': `-> ${'./'.repeat(80)}to file`,
  'links/self': '-> self',
}

/** The files with the contents of an artifact that was packed alone. */
export function packsOf(cacheDir: string, digest: string): readonly string[] {
  const artifacts = join(cacheDir, 'artifacts')
  const names = readFileSync(join(artifacts, `${digest.slice(7)}.packs`), 'latin1')
    .split('\n')
    .slice(0, -1)
  return names.map(line => join(artifacts, `${line.split(' ')[0]}.content`))
}
