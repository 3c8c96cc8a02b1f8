import { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { askHaproxy } from '../../src/balancer/haproxy-socket.js'
import type { Machine } from '../../src/balancer/machine.js'

/** A way to a balancer whose socket says this. */
function saying(parts: Iterable<string>, heard: string[] = []): Machine {
  const forward = async () => {
    const said = parts[Symbol.iterator]()
    return new Duplex({
      read() {
        const { value, done } = said.next()
        this.push(done ? null : Buffer.from(value))
      },
      write(chunk, _encoding, wrote) {
        heard.push(String(chunk))
        wrote()
      },
    })
  }
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

  it('gets no line that is longer than its buffer', async () => {
    const lines: string[] = []
    const commands = Array.from({ length: 1000 }, (_, i) => `set server web/web-${i} state drain`)
    const { text } = await askHaproxy(saying(Array(20).fill('.'), lines), '/run/haproxy.sock', commands)
    expect(lines.flatMap(line => line.trimEnd().split(';'))).toEqual(commands)
    for (const line of lines) expect(line.length).toBeLessThan(16_384)
    expect(text).not.toBe('')
  })

  it('that is closed without a word has not said yes: it is asked again, once', async () => {
    const heard: string[] = []
    const told = askHaproxy(saying([], heard), '/run/haproxy.sock', ['set server web/a state ready'])
    await expect(told).rejects.toThrow('HAProxy on lb-1 did not answer: the connection was lost')
    expect(heard).toEqual(Array(2).fill('set server web/a state ready\n'))
  })

  it('that never ends is given up, whatever it says', async () => {
    await expect(askHaproxy(saying(forEver()), '/run/haproxy.sock', ['show stat'])).rejects.toThrow(
      'HAProxy on lb-1 did not answer: it said more than 8 MB',
    )
  })
})
