import { closeSync, openSync, readSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { builtFor } from '../../src/artifact/binary-head.js'
import { elf, machO, universal } from '../support/binaries.js'

const of = (bytes: Buffer) => builtFor((at, length) => bytes.subarray(at, at + length))
const linux = (machine: string, libc: string | null) => ({ system: 'Linux', machines: [machine], libc })
const mac = (...machines: readonly string[]) => ({ system: 'Darwin', machines, libc: null })

describe('a file', () => {
  it.each([
    ['a program for glibc', elf({ kind: 2, loader: '/lib64/ld-linux-x86-64.so.2' }), linux('x86_64', 'glibc')],
    ['a program for musl', elf({ loader: '/lib/ld-musl-x86_64.so.1', needs: ['libc.so'] }), linux('x86_64', 'musl')],
    ['a library for glibc', elf({ needs: ['libm.so.6', 'libc.so.6'] }), linux('x86_64', 'glibc')],
    ['a library for musl', elf({ machine: 183, needs: ['libc.musl-aarch64.so.1'] }), linux('aarch64', 'musl')],
    ['a library with far tables', elf({ needs: ['libc.so.6'], far: 100_000 }), linux('x86_64', 'glibc')],
    ['a static program', elf({ kind: 2 }), linux('x86_64', null)],
    ['32 bits', elf({ machine: 3, wide: false, loader: '/lib/ld-linux.so.2' }), linux('x86', 'glibc')],
    ['a library of 32 bits', elf({ machine: 40, wide: false, needs: ['libc.so.6'] }), linux('arm', 'glibc')],
    ['x86_64 macOS', machO(0x01000007), mac('x86_64')],
    ['arm64 macOS', machO(0x0100000c, 2), mac('aarch64')],
    ['both', universal(0x01000007, 0x0100000c), mac('x86_64', 'aarch64')],
  ])('says that it is built for %s', (_, bytes, built) => expect(of(bytes)).toEqual(built))

  it.each([
    ['an object', elf({ kind: 1 })],
    ['a program of FreeBSD', elf({ system: 9 })],
    ['of a machine that is not known', elf({ machine: 247 })],
    ['an object of macOS', machO(0x01000007, 1)],
    ['a class of Java', Buffer.concat([Buffer.from('cafebabe00000041', 'hex'), Buffer.alloc(400)])],
    ['text', Buffer.from('#!/bin/sh\n'.repeat(20))],
    ['empty', Buffer.alloc(0)],
  ])('says nothing when it is %s', (_, bytes) => expect(of(bytes)).toBe(null))

  it('says no more than it holds, wherever it is cut', () => {
    const whole = elf({ needs: ['libc.so.6'] })
    const known = Array.from({ length: whole.length }, (_, length) => of(whole.subarray(0, length)))
    for (const built of known) expect([null, 'Linux']).toContain(built?.system ?? null)
    const forged = Buffer.from(whole)
    forged.writeBigUInt64LE(2n ** 63n, 32)
    expect([null, 'Linux']).toContain(of(forged)?.system ?? null)
  })

  it('that runs here is told: this Node', () => {
    const file = openSync(process.execPath, 'r')
    const built = builtFor((at, length) => {
      const bytes = Buffer.alloc(length)
      return bytes.subarray(0, readSync(file, bytes, 0, length, at))
    })
    closeSync(file)
    const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string]
    expect(built).toMatchObject({
      system: { linux: 'Linux', darwin: 'Darwin' }[process.platform as string],
      machines: [machine],
    })
  })
})
