import type { Binary } from '../state/platform.js'
import { type Built, builtFor } from './binary-head.js'
import { isPointer } from './git/lfs.js'
import { entriesOf, type Manifest } from './manifest/manifest.js'
import { printable, someOf } from './printable-names.js'

/**
 * Of a file that should not go out unnoticed: it holds a private key, it is a pointer of Git LFS, a script that is run by
 * a program of the folder that it was packed in, or what runs on some machines only.
 */
export type Mark = Named | Built

type Named = 'key' | 'pointer' | 'bound'

/** By sha256. */
export type Marks = ReadonlyMap<string, Mark>

const format = 2

/** Marks as notes keep them. */
export function marksText(marks: Marks): string {
  return JSON.stringify({ format, marks: [...marks] })
}

/** Throws where they were noted when other marks were looked for. */
export function marksIn(text: string): Marks {
  const noted = JSON.parse(text)
  if (noted.format !== format) throw new Error('these marks are of another time')
  return new Map(noted.marks)
}

/** `root` is the folder that it is packed in; null: it lies in none. */
export function markOf(bytes: Buffer, root: string | null): Mark | null {
  const built = builtFor((at, length) => bytes.subarray(at, at + length))
  if (built !== null) return built
  if (isPointer(bytes)) return 'pointer'
  if (root !== null && isBound(bytes, root)) return 'bound'
  return holdsPrivateKey(bytes) ? 'key' : null
}

/** The paths of the files that have each mark. */
export function markedIn(manifest: Manifest, marks: Marks): Readonly<Record<Named, readonly string[]>> {
  const files = marks.size === 0 ? [] : entriesOf(manifest).filter(entry => entry.kind === 'file')
  const having = (mark: Named) => files.filter(({ sha256 }) => marks.get(sha256) === mark).map(({ path }) => path)
  return { key: having('key'), pointer: having('pointer'), bound: having('bound') }
}

/** The programs and libraries of a release, with what they were built for. */
export function binariesIn(manifest: Manifest, marks: Marks): readonly Binary[] {
  const files = marks.size === 0 ? [] : entriesOf(manifest).filter(entry => entry.kind === 'file')
  return files.flatMap(({ sha256, path }) => {
    const mark = marks.get(sha256)
    return typeof mark === 'object' ? [{ path: printable(path), ...mark }] : []
  })
}

/** By its first line; pip puts a path that is too long for that into the second. */
function isBound(bytes: Buffer, root: string): boolean {
  if (bytes[0] !== 0x23 || bytes[1] !== 0x21) return false
  const [first = '', second = ''] = bytes.toString('utf8', 0, 1024).split('\n')
  return (
    first.includes(`${root}/`) ||
    (first === '#!/bin/sh' && second.startsWith(`'''exec' `) && second.includes(`${root}/`))
  )
}

/** A sentence about scripts that will not run in a release. */
export function boundWarnings(paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  const named = someOf(paths.map(printable))
  return [`scripts that name the folder they were made in run on no host; make them there, in "prepare": ${named}`]
}

/** Bytes above which no file is looked into: a key with a long chain of certificates has a tenth of it. */
const most = 64 << 10

/**
 * Whether a file holds a private key, by its bytes: PEM (of OpenSSL, OpenSSH and PGP, also within JSON), PuTTY's format, and
 * DER (PKCS#8, PKCS#1, PKCS#12). Certificates alone are none.
 */
export function holdsPrivateKey(bytes: Buffer): boolean {
  if (bytes.length < 32 || bytes.length > most) return false
  if (bytes[0] === 0x30) return isDerKey(bytes)
  if (bytes.includes('PRIVATE KEY')) return pem.test(bytes.toString('latin1'))
  return bytes.includes('PuTTY-User-Key-File-') && bytes.includes('Private-Lines:')
}

/** With the first line of its base64, behind headers if there are any: source code that only names the mark has none. */
const pem = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----\s*(?:\\n|\n)(?:[\w-]+: .*\n)*\s*[A-Za-z0-9+/=]{32}/

function isDerKey(bytes: Buffer): boolean {
  const head = bytes.toString('hex', 0, 32)
  return plainKey.test(head) || (pkcs12.test(head) && keyBags.some(bag => bytes.includes(bag)))
}

/** In hex: a sequence, with its length. */
const sequence = '30(?:[0-7].|81..|82....|80)'
const plainKey = new RegExp(`^${sequence}020100(?:${sequence}06|028[12])`)
const pkcs12 = new RegExp(`^${sequence}020103${sequence}06092a864886f70d0107`)
/** What holds a key, plain or encrypted: a store of trusted certificates has neither. */
const keyBags = ['01', '02'].map(kind => Buffer.from(`2a864886f70d010c0a01${kind}`, 'hex'))

const mostNamed = 5

/** Sentences about the files that hold a private key: they are deployed, for an app may need its own. */
export function keyWarnings(paths: readonly string[]): string[] {
  const told = paths.slice(0, mostNamed).map(path => {
    return `${printable(path)} holds a private key, which every host gets; to leave it out, add to .deployignore: ${lineFor(path)}`
  })
  const rest = paths.length - told.length
  return rest === 0 ? told : [...told, `${rest} more ${rest === 1 ? 'file holds' : 'files hold'} a private key`]
}

/** A line in gitignore's syntax that names this path only. */
function lineFor(path: string): string {
  return printable(`/${path}`.replace(/[\\*?[\]]/g, '\\$&').replace(/ $/, '\\ '))
}
