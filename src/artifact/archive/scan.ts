import { parentsOf } from '../select/tree.js'

/** One header of a tar. Names are latin1 strings, a byte a character, as in a manifest. */
export interface Header {
  /** By tar-stream's words; null: a kind that it does not know. */
  readonly type: string | null
  readonly name: string
  readonly mode: number
  readonly size: number
  /** What a link leads to, or what a hard link is another name of. */
  readonly target: string
  /** GNU's form for files with holes: what follows is not the file as it is. */
  readonly sparse: boolean
}

/** What is made of an entry. `bytes` is what it comes to. */
export type Judged =
  | { readonly kind: 'file'; readonly path: string; readonly mode: number; readonly bytes: number }
  | { readonly kind: 'folder'; readonly path: string; readonly bytes: 0 }
  | { readonly kind: 'link'; readonly path: string; readonly target: string; readonly bytes: 0 }
  | { readonly kind: 'copy'; readonly path: string; readonly of: string; readonly bytes: number }
  | { readonly kind: 'refused'; readonly path: string; readonly why: string; readonly bytes: number }

interface Seen {
  readonly kind: 'file' | 'folder' | 'link'
  readonly bytes: number
}

/** Judges the entries of one archive in their order. Pure, but for what it remembers of those before. */
export function scanArchive(): (header: Header) => Judged {
  const seen = new Map<string, Seen>([['', { kind: 'folder', bytes: 0 }]])
  return header => {
    const judged = judge(header, seen)
    if (judged.kind === 'refused') return judged
    for (const folder of parentsOf(judged.path)) seen.set(folder, { kind: 'folder', bytes: 0 })
    const kind = judged.kind === 'copy' ? 'file' : judged.kind
    seen.set(judged.path, { kind, bytes: judged.bytes })
    return judged
  }
}

function judge(header: Header, seen: ReadonlyMap<string, Seen>): Judged {
  const { name, type } = header
  const path = pathIn(name)
  const refused = (why: string): Judged => ({ kind: 'refused', path: name, why, bytes: header.size })
  if (typeof path !== 'string') return refused(path.why)
  const taken = whyTaken(path, type, seen)
  if (taken !== null) return refused(taken)
  switch (type) {
    case 'directory':
      return { kind: 'folder', path, bytes: 0 }
    case 'symlink':
      return { kind: 'link', path, target: header.target, bytes: 0 }
    case 'link':
      return copyOf(path, header.target, seen) ?? refused(whyNoCopy(header.target))
    case 'file':
    case 'contiguous-file': {
      const why = whyNoFile(header)
      return why === null ? { kind: 'file', path, mode: header.mode, bytes: header.size } : refused(why)
    }
    default:
      return refused(`is ${kindText(type)}`)
  }
}

/** The path below the root of the archive, '' for that itself; or why it has none. */
function pathIn(name: string): string | { readonly why: string } {
  if (name.startsWith('/')) return { why: 'has an absolute name' }
  const parts = name.split('/').filter(part => part !== '' && part !== '.')
  if (parts.includes('..')) return { why: 'leads out of the archive by ".."' }
  return parts.join('/')
}

/** A folder may be named twice: that changes nothing. */
function whyTaken(path: string, type: string | null, seen: ReadonlyMap<string, Seen>): string | null {
  const before = seen.get(path)
  if (before !== undefined && !(before.kind === 'folder' && type === 'directory'))
    return path === '' ? 'has no name' : 'is in it twice'
  const above = parentsOf(path).find(parent => (seen.get(parent)?.kind ?? 'folder') !== 'folder')
  return above === undefined ? null : `lies below ${above}, which is ${kindText(seen.get(above)?.kind ?? null)}`
}

function whyNoFile({ mode, sparse }: Header): string | null {
  if (sparse) return 'is stored as a sparse file: make the archive without --sparse'
  if (mode & 0o4000) return 'is setuid'
  return mode & 0o2000 ? 'is setgid' : null
}

function copyOf(path: string, target: string, seen: ReadonlyMap<string, Seen>): Judged | null {
  const of = pathIn(target)
  const file = typeof of === 'string' ? seen.get(of) : undefined
  return file?.kind === 'file' ? { kind: 'copy', path, of: of as string, bytes: file.bytes } : null
}

function whyNoCopy(target: string): string {
  const of = pathIn(target)
  return typeof of === 'string'
    ? `is a hard link to ${target}, which is no file that comes before it`
    : `is a hard link to ${target}, which leaves the archive`
}

function kindText(type: string | null): string {
  switch (type) {
    case 'character-device':
    case 'block-device':
      return 'a device'
    case 'fifo':
      return 'a fifo'
    case 'file':
      return 'a file'
    case 'link':
      return 'a symbolic link'
    default:
      return 'of a kind that is not known'
  }
}
