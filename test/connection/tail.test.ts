import { expect, it } from 'vitest'
import { tail } from '../../src/connection/shell/lines.js'

it.each([
  { chunks: [], kept: '' },
  { chunks: ['abc'], kept: 'abc' },
  { chunks: ['0123456789'], kept: '0123456789' },
  { chunks: ['0123456789', 'a'], kept: '123456789a' },
  { chunks: ['0123456789abcdefghijkl'], kept: 'cdefghijkl' },
  { chunks: ['abc', '0123456789abcdef', 'xyz'], kept: '9abcdefxyz' },
  { chunks: Array.from('abcdefghijklmnopqrstuvwxyz'), kept: 'qrstuvwxyz' },
])('keeps the last 10 bytes of $chunks', ({ chunks, kept }) => {
  const last = tail(10)
  for (const chunk of chunks) last.push(Buffer.from(chunk))
  expect(last.bytes().toString()).toBe(kept)
})

it('takes 200 MB in chunks of any size, with little memory and in little time', () => {
  const last = tail(1 << 20)
  const chunk = Buffer.alloc(70_001, 'x')
  const before = process.memoryUsage().arrayBuffers
  const from = performance.now()
  for (let i = 0; i < 3_000; i += 1) last.push(chunk)
  for (let i = 0; i < 1_000_000; i += 1) last.push(chunk.subarray(0, 3))
  expect(last.bytes().length).toBe(1 << 20)
  expect(performance.now() - from).toBeLessThan(3_000)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20)
})
