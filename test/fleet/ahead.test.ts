import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import type { HostRun } from '../../src/fleet/transaction/run.js'
import { sendAhead, takeSentAhead } from '../../src/fleet/transaction/sent-ahead.js'
import { Script } from '../../src/scripts/shell/shell.js'

describe('scripts that are sent together', () => {
  let connection: Connection
  beforeAll(async () => {
    connection = await connectLocal({ name: 'h1', host: 'h1', roles: [], deployTo: '/', env: {} }, { timeout: 20_000 })
  })
  afterAll(() => connection.close())

  /** What each script came to: its code (null: unknown), and what is told of the output. */
  const ran = async (...texts: readonly string[]) => {
    const host = { name: 'h1', session: connection, sentAhead: null } as unknown as HostRun
    const scripts = texts.map((text, i) => new Script(`s${i}`, text, Buffer.from(`input ${i}`)))
    await sendAhead(host, scripts, { timeout: 20_000 })
    return scripts.map(({ name }) => {
      const result = takeSentAhead(host, name)
      return result === null ? { code: 'not run' } : { code: result.code, said: result.stdout.toString().trim() }
    })
  }

  it.each([
    ['all end well', ['cat; echo', 'cat'], [0, 0], 'input 0\ninput 1'],
    ['one fails', ['echo one', 'echo two; exit 7', 'echo three'], [0, 7, 'not run'], 'one\ntwo'],
    ['the first one fails', ['echo one; exit 75', 'echo two'], [75, 'not run'], 'one'],
    ['there is one', ['echo one; exit 3'], [3], 'one'],
    ['one leaves its input unread', ['true', 'cat'], [0, 0], 'input 1'],
  ])('when %s, have each their own result', async (_, texts, codes, said) => {
    const results = await ran(...texts)
    expect(results.map(({ code }) => code)).toEqual(codes)
    expect(results[0]?.said).toBe(said)
  })

  it('when their shell ends without a word, are not known to have done anything', async () => {
    const results = await ran('echo one', 'kill -9 $$', 'echo three')
    expect(results.map(({ code }) => code)).toEqual([null, 'not run', 'not run'])
  })

  it('give each result once', async () => {
    const host = { name: 'h1', session: connection, sentAhead: null } as unknown as HostRun
    await sendAhead(host, [new Script('a', 'true'), new Script('b', 'true')], { timeout: 20_000 })
    expect([takeSentAhead(host, 'a')?.code, takeSentAhead(host, 'a'), takeSentAhead(host, 'b')?.code]).toEqual([
      0,
      null,
      0,
    ])
  })
})
