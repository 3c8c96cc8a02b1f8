import { createHmac } from 'node:crypto'
import { closeSync, constants, fstatSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { typeOf } from './known-hosts.js'

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
