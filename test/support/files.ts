import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'

/** Every entry below a folder by its name (bytes as latin1): its kind, mode and content. An absent folder has none. */
export function contents(dir: string): Record<string, string> {
  return walk(dir, (path, stat) => {
    if (stat.isSymbolicLink()) return `link ${readlinkSync(path, 'latin1')}`
    const mode = (Number(stat.mode) & 0o7777).toString(8)
    return stat.isDirectory() ? `folder ${mode}` : `file ${mode} ${readFileSync(path, 'latin1')}`
  })
}

/** The same, told by the file system: any write, however it is undone, changes it. */
export function inodes(dir: string): Record<string, string> {
  return walk(dir, (_, { ino, mode, size, mtimeNs, ctimeNs }) => [ino, mode, size, mtimeNs, ctimeNs].join(' '))
}

/** Writes files below a folder: text, bytes, `{ link }` or `{ mode, text }`; a name that ends in `/` is an empty folder. */
export function writeFiles(dir: string, files: Readonly<Record<string, FileText>>): void {
  for (const [name, what] of Object.entries(files)) {
    const path = Buffer.from(join(dir, name), 'latin1')
    mkdirSync(name.endsWith('/') ? path : Buffer.from(dirname(path.toString('latin1')), 'latin1'), { recursive: true })
    if (name.endsWith('/')) continue
    if (typeof what === 'string' || Buffer.isBuffer(what)) writeFileSync(path, what)
    else if ('link' in what) symlinkSync(what.link, path)
    else {
      writeFileSync(path, what.text)
      chmodSync(path, what.mode)
    }
  }
}

export type FileText = string | Buffer | { readonly link: string } | { readonly mode: number; readonly text: string }

type Stat = ReturnType<typeof statOf>

function walk(dir: string, tell: (path: Buffer, stat: Stat) => string): Record<string, string> {
  const found: Record<string, string> = {}
  const visit = (path: Buffer, name: string) => {
    const stat = statOf(path)
    found[name] = tell(path, stat)
    if (!stat.isDirectory()) return
    for (const entry of readdirSync(path, { encoding: 'buffer' }))
      visit(Buffer.concat([path, Buffer.from('/'), entry]), `${name}/${entry.toString('latin1')}`)
  }
  if (lstatSync(dir, { throwIfNoEntry: false })) visit(Buffer.from(dir), '.')
  return found
}

function statOf(path: Buffer) {
  return lstatSync(path, { bigint: true })
}
