import { expect, it } from 'vitest'
import { fields, messages, reader } from '../../src/connection/openssh/openssh-mux.js'

const written = fields(7, 'héllo', true, Buffer.from([0, 255]))

it('values are written as SSH writes them, and read back', () => {
  expect(written.toString('hex')).toBe('0000000700000006' + '68c3a96c6c6f' + '01' + '0000000200ff')
  const read = reader(written)
  expect([read.number(), read.text(), read.flag(), [...read.bytes()]]).toEqual([7, 'héllo', true, [0, 255]])
})

it('what is missing reads as nothing', () => {
  const read = reader(Buffer.from([0, 0]))
  expect([read.number(), read.text(), read.flag()]).toEqual([0, '', false])
})

it.each([1, 2, 3, 5, 7, 100])('messages are cut out of a stream in pieces of %i bytes', size => {
  const all = ['', 'a', 'a longer one', 'x'.repeat(40)]
  const stream = Buffer.concat(all.map(text => fields(text)))
  const found: string[] = []
  const push = messages(message => found.push(message.toString()))
  for (let at = 0; at < stream.length; at += size) push(stream.subarray(at, at + size))
  expect(found).toEqual(all)
})
