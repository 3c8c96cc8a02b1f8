import { execFileSync } from 'node:child_process'
import { ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tarHeader, tarPadding } from '../../src/artifact/payload/tar.js'
import { temporary } from './folders.js'

it.each([
  ['8 GiB - 1, in octal', 8_589_934_591],
  ['8 GiB, in base-256', 8_589_934_592],
  ['5 TB', 5_000_000_000_001],
])('gives a size that tars read: %s', (_, size) => {
  const file = join(temporary(), 'a.tar')
  const handle = openSync(file, 'w')
  writeSync(handle, tarHeader({ kind: 'file', path: 'large', mode: '644', size }))
  ftruncateSync(handle, 512 + Math.ceil(size / 512) * 512 + 1024)
  const listed = execFileSync('tar', ['-tvf', file], { env: { ...process.env, TZ: 'UTC' } }).toString()
  expect(listed).toMatch(new RegExp(`^-rw-r--r-- 0/0 +${size} 1970-01-01 00:00 large\n$`))
})

it.each([
  [0, 0],
  [1, 511],
  [511, 1],
  [512, 0],
  [513, 511],
])('fills the last block of %i bytes with %i zeros', (size, zeros) => {
  expect(tarPadding(size)).toEqual(Buffer.alloc(zeros))
})

it('writes the same header for the same entry, with no time and no owner in it', () => {
  const header = tarHeader({ kind: 'folder', path: 'a' })
  expect(header.toString('latin1').replaceAll('\0', '.')).toBe(
    `a/${'.'.repeat(98)}0000755.0000000.0000000.00000000000.00000000000.006125. 5${'.'.repeat(100)}ustar  .${'.'.repeat(247)}`,
  )
})
