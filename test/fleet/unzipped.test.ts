import { gzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { unzipped } from '../../src/fleet/push/scripts-up-to.js'

it.each([
  { what: 'what is as long as it may be', zipped: gzipSync('abc'), text: 'abc' },
  { what: 'nothing', zipped: gzipSync(''), text: '' },
  { what: 'one byte too many', zipped: gzipSync('abcd'), text: undefined },
  { what: 'a gigabyte of zeros', zipped: gzipSync(Buffer.alloc(100_000_000)), text: undefined },
  { what: 'half an archive', zipped: gzipSync('abc').subarray(0, 12), text: undefined },
  { what: 'no archive', zipped: Buffer.from('garbage'), text: undefined },
])('of $what comes $text', ({ zipped, text }) => {
  expect(unzipped(zipped, 3)?.toString()).toBe(text)
})
