/** What a tar archive holds. Names are latin1 strings, a byte a character, as in a manifest. */
export type TarEntry =
  | { readonly kind: 'file'; readonly path: string; readonly mode: '644' | '755'; readonly size: number }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }

const block = 512

/**
 * The header of an entry (for a file, its bytes and `tarPadding` follow), which gets this time (seconds). Same entry and time, same bytes: no owners.
 * Long names travel in GNU's way (`././@LongLink`), the one that GNU tar, busybox tar and bsdtar all read byte for byte.
 */
export function tarHeader(entry: TarEntry, time = 0): Buffer {
  const path = entry.kind === 'folder' ? `${entry.path}/` : entry.path
  switch (entry.kind) {
    case 'file':
      return named(path, '', header(path, '', entry.mode, entry.size, '0', time))
    case 'folder':
      return named(path, '', header(path, '', '755', 0, '5', time))
    case 'link':
      return named(path, entry.target, header(path, entry.target, '777', 0, '2', time))
  }
}

/** Zeros that fill a file's last block. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((block - (size % block)) % block)
}

export function tarEnd(): Buffer {
  return Buffer.alloc(2 * block)
}

function named(path: string, target: string, last: Buffer): Buffer {
  return Buffer.concat([...longName(target, 'K'), ...longName(path, 'L'), last])
}

function longName(name: string, type: 'K' | 'L'): Buffer[] {
  if (name.length < 100) return []
  const text = Buffer.from(`${name}\0`, 'latin1')
  return [header('././@LongLink', '', '644', text.length, type, 0), text, tarPadding(text.length)]
}

function header(path: string, target: string, mode: string, size: number, type: string, time: number): Buffer {
  const bytes = Buffer.alloc(block)
  bytes.write(path.slice(0, 99), 0, 'latin1')
  bytes.write(`0000${mode}\0`, 100)
  bytes.write('0000000\0', 108)
  bytes.write('0000000\0', 116)
  writeSize(bytes, size)
  bytes.write(`${time.toString(8).padStart(11, '0')}\0`, 136)
  bytes.write(type, 156)
  bytes.write(target.slice(0, 99), 157, 'latin1')
  bytes.write('ustar  \0', 257)
  bytes.write(checksum(bytes), 148)
  return bytes
}

/** Octal up to 8 GiB, GNU's base-256 above. */
function writeSize(bytes: Buffer, size: number): void {
  if (size < 8 ** 11) {
    bytes.write(`${size.toString(8).padStart(11, '0')}\0`, 124)
  } else {
    bytes.writeUInt8(0x80, 124)
    bytes.writeBigUInt64BE(BigInt(size), 128)
  }
}

function checksum(bytes: Buffer): string {
  bytes.fill(' ', 148, 156)
  const sum = bytes.reduce((total, byte) => total + byte, 0)
  return `${sum.toString(8).padStart(6, '0')}\0 `
}
