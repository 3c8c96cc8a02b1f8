import { expect, it } from 'vitest'
import { lines } from '../../src/connection/shell/lines.js'

it.each([
  { chunks: ['a\nb\n'], out: ['a', 'b', null] },
  { chunks: ['a', 'b\n', '', '\nc'], out: ['ab', '', 'c', null] },
  { chunks: ['a\nb', 'c', 'd\ne', '\n', 'f'], out: ['a', 'bcd', 'e', 'f', null] },
  { chunks: [], out: [null, null] },
])('makes lines of $chunks', async ({ chunks, out }) => {
  const all = lines()
  for (const chunk of chunks) all.push(Buffer.from(chunk))
  all.end()
  for (const line of out) expect(await all.next(1_000)).toBe(line)
})

it('forgets what came, where it is refused', async () => {
  const all = lines()
  all.push(Buffer.from('one\ntwo'))
  all.end(true)
  expect(await all.next(1_000)).toBe(null)
})

it('gives a line to who waited first, and keeps it from who gave up', async () => {
  const all = lines()
  expect(await all.next(5)).toBe(null)
  const first = all.next(5_000)
  const second = all.next(5_000)
  all.push(Buffer.from('one\ntwo\nthree\n'))
  expect([await first, await second, await all.next(5_000)]).toEqual(['one', 'two', 'three'])
})
