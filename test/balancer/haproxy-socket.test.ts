import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { askHaproxy } from '../../src/balancer/haproxy-socket.js'
import type { Machine } from '../../src/balancer/machine.js'

/** A way to a balancer whose socket says this. */
function saying(parts: Iterable<string>): Machine {
  const said = parts[Symbol.iterator]()
  const forward = async () =>
    new Duplex({
      read() {
        const { value, done } = said.next()
        this.push(done ? null : Buffer.from(value))
      },
      write: (_chunk, _encoding, wrote) => wrote(),
    })
  return {
    host: { name: 'lb-1' },
    open: async () => ({ forward, rtt: () => 0 }),
    close: () => {},
  } as unknown as Machine
}

function* forEver() {
  for (;;) yield 'x'.repeat(100_000)
}

describe('the socket of HAProxy', () => {
  it('is read to its end', async () => {
    const { text } = await askHaproxy(saying(['one', ' two']), '/run/haproxy.sock', ['show stat'])
    expect(text).toBe('one two')
  })

  it('that never ends is given up, whatever it says', async () => {
    await expect(askHaproxy(saying(forEver()), '/run/haproxy.sock', ['show stat'])).rejects.toThrow(
      'HAProxy on lb-1 did not answer: it said more than 8 MB',
    )
  })
})
