import type { Libc } from '../scripts/read/platform.js'
import type { Binary } from '../state/platform.js'

/** What a file was built for. */
export type Built = Omit<Binary, 'path'>

/** Bytes of a file from a place on; fewer where it ends. */
export type ReadAt = (at: number, length: number) => Buffer

/**
 * What a program or library was built for, by its headers: ELF of Linux (executables and shared objects) and Mach-O. Null
 * for any other file, for a machine that is not known, and where it is cut.
 *
 * System V ABI, chapters 4 and 5; <mach-o/loader.h>, <mach-o/fat.h>.
 */
export function builtFor(read: ReadAt): Built | null {
  try {
    const head = read(0, 64)
    if (head.length < 20) return null
    const magic = head.readUInt32BE(0)
    if (magic === 0x7f454c46) return elf(head, read)
    if (magic === 0xcafebabe) return universal(head, read)
    return machO(magic, head)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Headers of 32 or 64 bits, in either order of bytes. */
interface Numbers {
  readonly half: (bytes: Buffer, at: number) => number
  readonly word: (bytes: Buffer, at: number) => number
  /** An address or an offset. */
  readonly long: (bytes: Buffer, at: number) => number
  readonly wide: boolean
}

function numbersOf(wide: boolean, little: boolean): Numbers {
  const word = (bytes: Buffer, at: number) => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))
  const long = (bytes: Buffer, at: number) => Number(little ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at))
  return {
    half: (bytes, at) => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at)),
    word,
    long: wide ? long : word,
    wide,
  }
}

const elfMachines: ReadonlyMap<number, readonly [wide: string | null, narrow: string | null]> = new Map([
  [3, [null, 'x86']],
  [22, ['s390x', null]],
  [40, [null, 'arm']],
  [62, ['x86_64', null]],
  [183, ['aarch64', null]],
  [243, ['riscv64', null]],
  [258, ['loongarch64', null]],
])

function elf(head: Buffer, read: ReadAt): Built | null {
  const [wide, little, system] = [head[4] === 2, head[5] === 1, head[7] ?? 0]
  const numbers = numbersOf(wide, little)
  const [kind, number] = [numbers.half(head, 16), numbers.half(head, 18)]
  const powerpc = number === 21 && wide ? (little ? 'ppc64le' : 'ppc64') : null
  const machine = powerpc ?? elfMachines.get(number)?.[wide ? 0 : 1] ?? null
  const isProgram = kind === 2 || kind === 3
  const isLinux = system === 0 || system === 3
  if (machine === null || !isProgram || !isLinux) return null
  return { system: 'Linux', machines: [machine], libc: libcIn(head, read, numbers) }
}

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly size: number
}

const [load, dynamic, interpreter] = [1, 2, 3]
const [needed, strings] = [1, 5]
/** More than any file has of program headers, bytes of an interpreter's name, and of a dynamic section. */
const [mostSegments, longestName, longestDynamic] = [128, 256, 64 << 10]

/** By the loader that it asks for, else by the libc that it needs. */
function libcIn(head: Buffer, read: ReadAt, numbers: Numbers): Libc | null {
  const segments = segmentsOf(head, read, numbers)
  const asked = segments.find(({ type }) => type === interpreter)
  if (asked !== undefined) return libcNamed(textAt(read, asked.offset))
  return (
    neededBy(segments, read, numbers)
      .map(libcNamed)
      .find(libc => libc !== null) ?? null
  )
}

function segmentsOf(head: Buffer, read: ReadAt, { half, word, long, wide }: Numbers): readonly Segment[] {
  const [at, size, count] = wide
    ? [long(head, 32), half(head, 54), half(head, 56)]
    : [long(head, 28), half(head, 42), half(head, 44)]
  if (size < (wide ? 56 : 32)) return []
  const table = read(at, size * Math.min(count, mostSegments))
  return Array.from({ length: Math.floor(table.length / size) }, (_, i) => {
    const from = i * size
    return wide
      ? {
          type: word(table, from),
          offset: long(table, from + 8),
          address: long(table, from + 16),
          size: long(table, from + 32),
        }
      : {
          type: word(table, from),
          offset: long(table, from + 4),
          address: long(table, from + 8),
          size: long(table, from + 16),
        }
  })
}

function neededBy(segments: readonly Segment[], read: ReadAt, { long, wide }: Numbers): readonly string[] {
  const section = segments.find(({ type }) => type === dynamic)
  if (section === undefined) return []
  const width = wide ? 8 : 4
  const bytes = read(section.offset, Math.min(section.size, longestDynamic))
  const entries = Array.from({ length: Math.floor(bytes.length / (2 * width)) }, (_, i) => {
    return [long(bytes, 2 * width * i), long(bytes, 2 * width * i + width)] as const
  })
  const address = entries.find(([tag]) => tag === strings)?.[1]
  const home = segments.find(one => one.type === load && isIn(one, address ?? -1))
  if (address === undefined || home === undefined) return []
  const table = address - home.address + home.offset
  return entries.filter(([tag]) => tag === needed).map(([, offset]) => textAt(read, table + offset))
}

function isIn({ address, size }: Segment, wanted: number): boolean {
  return wanted >= address && wanted < address + size
}

function textAt(read: ReadAt, at: number): string {
  const bytes = read(at, longestName)
  const end = bytes.indexOf(0)
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end)
}

/** A loader or a library: `/lib64/ld-linux-x86-64.so.2`, `libc.so.6`, `libc.musl-x86_64.so.1`. */
function libcNamed(name: string): Libc | null {
  const file = name.slice(name.lastIndexOf('/') + 1)
  if (/^(ld-musl-|libc\.musl-)/.test(file)) return 'musl'
  return /^(ld-linux.*\.so\.\d|ld64\.so\.\d|libc\.so\.6)$/.test(file) ? 'glibc' : null
}

const machines: ReadonlyMap<number, string> = new Map([
  [7, 'x86'],
  [0x01000007, 'x86_64'],
  [0x0100000c, 'aarch64'],
])

/** Programs, libraries and bundles: no objects, no symbols for debuggers. */
const kinds = new Set([2, 6, 8])

function machO(magic: number, head: Buffer): Built | null {
  const little = magic === 0xcffaedfe || magic === 0xcefaedfe
  if (!little) return null
  const machine = machines.get(head.readUInt32LE(4))
  return machine === undefined || !kinds.has(head.readUInt32LE(12)) ? null : mac([machine])
}

/** A file of Java begins alike; where this has the number of its machines, that has its version, from 45 on. */
function universal(head: Buffer, read: ReadAt): Built | null {
  const count = head.readUInt32BE(4)
  if (count === 0 || count >= 45) return null
  const table = read(8, 20 * count)
  const found = Array.from({ length: count }, (_, i) => machines.get(table.readUInt32BE(20 * i)))
  const known = found.filter(machine => machine !== undefined)
  return known.length === 0 ? null : mac(known)
}

function mac(found: readonly string[]): Built {
  return { system: 'Darwin', machines: found, libc: null }
}
