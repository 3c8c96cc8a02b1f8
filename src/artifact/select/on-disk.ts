const slash = Buffer.from('/')
const ascii = /^[\x20-\x7e]*$/

/** The bytes of a path on disk. */
export function onDisk(root: string, path: string): string | Buffer {
  if (ascii.test(path)) return path === '' ? root : `${root}/${path}`
  const top = Buffer.from(root)
  return Buffer.concat([top, slash, Buffer.from(path, 'latin1')])
}
