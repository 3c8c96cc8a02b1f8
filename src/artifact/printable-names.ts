import { isUtf8 } from 'node:buffer'

/** A name of a manifest (latin1) as text for people: UTF-8 where it is that, every control or foreign byte as \xNN. */
export function printable(name: string): string {
  const bytes = Buffer.from(name, 'latin1')
  if (isUtf8(bytes)) return bytes.toString('utf8').replace(controls, escapeChar)
  return name.replace(foreign, escapeChar)
}

/** What a person or a config wrote (UTF-16), as the bytes of a name in a manifest. */
export function rawName(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** A few of many (already printable), for a message. */
export function someOf(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

const controls = /[\p{Cc}\p{Cf}]/gu
const foreign = /[^\x20-\x7e]/g

function escapeChar(char: string): string {
  return char
    .split('')
    .map(unit => (unit.charCodeAt(0) < 0x100 ? `\\x${hex(unit, 2)}` : `\\u${hex(unit, 4)}`))
    .join('')
}

function hex(unit: string, width: number): string {
  return unit.charCodeAt(0).toString(16).padStart(width, '0')
}

const slash = Buffer.from('/')
const ascii = /^[\x20-\x7e]*$/

/** The bytes of a path on disk. */
export function onDisk(root: string, path: string): string | Buffer {
  if (ascii.test(path)) return path === '' ? root : `${root}/${path}`
  const top = Buffer.from(root)
  return Buffer.concat([top, slash, Buffer.from(path, 'latin1')])
}
