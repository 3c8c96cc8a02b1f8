import { createHash, createHmac } from 'node:crypto'
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Everything that known_hosts files say of one host. */
export interface KnownHost {
  readonly trusted: readonly KnownKey[]
  readonly revoked: readonly KnownKey[]
  /** Lines that trust a certificate authority for this host. */
  readonly authorities: readonly KnownKey[]
  readonly files: readonly string[]
}

export interface KnownKey {
  readonly type: string
  readonly key: Buffer
  readonly file: string
  readonly line: number
}

/** Looks a host up by the names that OpenSSH would use. Files are read once. */
type KnownHostsReader = (names: readonly string[], files: readonly string[]) => Promise<KnownHost>

export function knownHostsReader(): KnownHostsReader {
  const cache = new Map<string, Promise<readonly Entry[]>>()
  const read = (file: string) => {
    const entries = cache.get(file) ?? readEntries(file)
    cache.set(file, entries)
    return entries
  }
  return async (names, files) => {
    const entries = (await Promise.all(files.map(read))).flat()
    const found = names.map(name => entries.filter(entry => matches(entry.hosts, name)))
    // A key of `host` is good for `[host]:2222` where there is none of its own; a revocation of either always counts.
    const said = found.find(some => some.some(entry => entry.marker !== '@revoked')) ?? []
    return {
      trusted: said.filter(entry => entry.marker === null),
      authorities: said.filter(entry => entry.marker === '@cert-authority'),
      revoked: found.flat().filter(entry => entry.marker === '@revoked'),
      files,
    }
  }
}

/** The names of a host in known_hosts files, first choice first. */
export function namesOf(target: {
  readonly hostname: string
  readonly port: number
  readonly hostKeyAlias: string | null
}): string[] {
  if (target.hostKeyAlias !== null) return [target.hostKeyAlias.toLowerCase()]
  const name = target.hostname.toLowerCase()
  return target.port === 22 ? [name] : [`[${name}]:${target.port}`, name]
}

/** `SHA256:…` as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/** `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`: the first string in a public key. */
export function typeOf(key: Buffer): string {
  const length = key.length >= 4 ? key.readUInt32BE(0) : 0
  return key.toString('latin1', 4, 4 + length)
}

interface Entry extends KnownKey {
  readonly marker: '@revoked' | '@cert-authority' | null
  readonly hosts: string
}

async function readEntries(file: string): Promise<readonly Entry[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').flatMap((line, index) => entryOf(line.trim(), file, index + 1))
}

/** A line with a marker that we do not know says nothing, as in OpenSSH. */
function entryOf(line: string, file: string, number: number): Entry[] {
  const words = line.split(/[ \t]+/)
  const marked = line.startsWith('@')
  const marker = marked ? words.shift() : null
  const [hosts, type, base64] = words
  if (line.startsWith('#') || !hosts || !type || !base64) return []
  if (marker !== null && marker !== '@revoked' && marker !== '@cert-authority') return []
  const key = Buffer.from(base64, 'base64')
  return typeOf(key) === type ? [{ marker, hosts, type, key, file, line: number }] : []
}

function matches(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(hosts, name)
  const patterns = hosts.toLowerCase().split(',')
  const hit = (pattern: string) => (/[*?]/.test(pattern) ? wildcard(pattern).test(name) : pattern === name)
  if (patterns.some(pattern => pattern.startsWith('!') && hit(pattern.slice(1)))) return false
  return patterns.some(pattern => !pattern.startsWith('!') && hit(pattern))
}

/** `|1|salt|HMAC-SHA1(salt, name)`, both in base64. */
function isHashOf(hosts: string, name: string): boolean {
  const [, magic, salt, hash] = hosts.split('|')
  if (magic !== '1' || !salt || !hash) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

function wildcard(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^$()|[\]\\{}]/g, '\\$&')
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}

/** A line of a known_hosts file; with `salt` (20 bytes) the name is hashed, as HashKnownHosts wants it. */
export function knownHostsLine(name: string, key: Buffer, salt: Buffer | null): string {
  return `${salt === null ? name : hashed(name, salt)} ${typeOf(key)} ${key.toString('base64')}\n`
}

/** Adds a line to a known_hosts file, in one write; the file and its folder are made, private, where they are not there. */
export function addLine(file: string, line: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const { O_RDWR, O_CREAT, O_APPEND } = constants
  const fd = openSync(file, O_RDWR | O_CREAT | O_APPEND, 0o600)
  try {
    writeSync(fd, endsLine(fd) ? line : `\n${line}`)
  } finally {
    closeSync(fd)
  }
}

function endsLine(fd: number): boolean {
  const { size } = fstatSync(fd)
  const last = Buffer.alloc(1)
  return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === 10)
}

function hashed(name: string, salt: Buffer): string {
  const hash = createHmac('sha1', salt).update(name).digest('base64')
  return `|1|${salt.toString('base64')}|${hash}`
}
