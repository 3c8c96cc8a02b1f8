import { describe, expect, it } from 'vitest'
import { facts, parseFacts } from '../../src/scripts/read/facts.js'
import { everyShell, run } from '../support/scripts.js'

describe.each(everyShell)('facts under $name', shell => {
  it('tells the clock, the flavour of tar, and whether one file system can be flushed', async () => {
    const before = Math.floor(Date.now() / 1000)
    const { code, stdout, stderr } = await run(facts(), shell)
    const after = Date.now() / 1000
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const found = parseFacts(Buffer.from(stdout))
    expect(found.now).toBeGreaterThanOrEqual(before)
    expect(found.now).toBeLessThanOrEqual(after)
    expect(found.exact).toBe(shell.name !== 'busybox')
    expect(found.tar).toMatch(shell.name === 'busybox' ? /^busybox \d/ : /^GNU \d/)
    expect(found.syncsOne).toBe(true)
  })
})

describe('facts', () => {
  it.each([
    ['tar (GNU tar) 1.34', 'GNU 1.34'],
    ['tar (busybox) 1.35.0', 'busybox 1.35.0'],
    ['bsdtar 3.6.2 - libarchive 3.6.2 zlib/1.2.13', 'bsdtar 3.6.2'],
    ['', 'unknown'],
  ])('call `%s` %s', (version, flavour) => {
    expect(parseFacts(Buffer.from(`tar ${version}\n`)).tar).toBe(flavour)
  })

  it.each([
    ['1795481147.123456789', 1_795_481_147.123, true],
    ['1795481147.%N', 1_795_481_147, false],
    ['1795481147', 1_795_481_147, false],
  ])('read the clock %s', (text, now, exact) => {
    const found = parseFacts(Buffer.from(`now ${text}\n`))
    expect([Math.round((found.now ?? 0) * 1000) / 1000, found.exact]).toEqual([now, exact])
  })
})
