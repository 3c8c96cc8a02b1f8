/** The least of an ELF file that says what it was built for. */
export interface ElfShape {
  /** `e_machine`: 62 is x86_64, 183 aarch64, 3 x86, 40 arm. */
  readonly machine?: number
  /** 2: executable, 3: shared object, 1: relocatable. */
  readonly kind?: number
  readonly system?: number
  readonly wide?: boolean
  /** The loader that it asks for. */
  readonly loader?: string
  /** The libraries that it needs. */
  readonly needs?: readonly string[]
  /** Bytes before what the headers point at. */
  readonly far?: number
}

/** Little-endian, with a program header each for its only piece of memory, its loader and its dynamic section. */
export function elf(shape: ElfShape = {}): Buffer {
  const { machine = 62, kind = 3, system = 0, wide = true, loader, needs = [], far = 0 } = shape
  const [headerSize, segmentSize, width] = wide ? [64, 56, 8] : [52, 32, 4]
  const names = ['', ...needs].map(name => `${name}\0`)
  const strings = Buffer.from(names.join(''), 'latin1')
  const at = { loader: headerSize + 3 * segmentSize + far, strings: 0, dynamic: 0 }
  at.strings = at.loader + (loader?.length ?? 0) + 1
  at.dynamic = at.strings + strings.length
  const entries = [...needs.map((_, i) => [1, names.slice(0, i + 1).join('').length]), [5, base + at.strings], [0, 0]]
  const file = Buffer.alloc(at.dynamic + entries.length * 2 * width)
  const long = (value: number, place: number) =>
    wide ? file.writeBigUInt64LE(BigInt(value), place) : file.writeUInt32LE(value, place)
  file.write('\x7fELF', 0, 'latin1')
  file.set([wide ? 2 : 1, 1, 1, system], 4)
  file.writeUInt16LE(kind, 16)
  file.writeUInt16LE(machine, 18)
  long(headerSize, wide ? 32 : 28)
  file.writeUInt16LE(segmentSize, wide ? 54 : 42)
  file.writeUInt16LE(3, wide ? 56 : 44)
  const segment = (i: number, type: number, offset: number, size: number) => {
    const place = headerSize + i * segmentSize
    file.writeUInt32LE(type, place)
    long(offset, place + (wide ? 8 : 4))
    long(base + offset, place + (wide ? 16 : 8))
    long(size, place + (wide ? 32 : 16))
  }
  segment(0, 1, 0, file.length)
  segment(1, loader === undefined ? 0 : 3, at.loader, (loader?.length ?? 0) + 1)
  segment(2, needs.length === 0 ? 0 : 2, at.dynamic, file.length - at.dynamic)
  file.write(loader ?? '', at.loader, 'latin1')
  file.set(strings, at.strings)
  entries.forEach(([tag = 0, value = 0], i) => {
    long(tag, at.dynamic + 2 * width * i)
    long(value, at.dynamic + 2 * width * i + width)
  })
  return file
}

/** Where the file would lie in memory. */
const base = 0x10000

/** A file of macOS for one machine: 0x01000007 is x86_64, 0x0100000c arm64; `kind` 8 is a bundle. */
export function machO(machine: number, kind = 8): Buffer {
  const file = Buffer.alloc(64)
  file.writeUInt32LE(0xfeedfacf, 0)
  file.writeUInt32LE(machine, 4)
  file.writeUInt32LE(kind, 12)
  return file
}

/** A file of macOS for several. */
export function universal(...machines: readonly number[]): Buffer {
  const file = Buffer.alloc(64 + 20 * machines.length)
  file.writeUInt32BE(0xcafebabe, 0)
  file.writeUInt32BE(machines.length, 4)
  machines.forEach((machine, i) => {
    file.writeUInt32BE(machine, 8 + 20 * i)
  })
  return file
}
