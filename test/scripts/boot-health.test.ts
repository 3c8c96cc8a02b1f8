import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createSocket, type Server as Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clone, type CloneStore, cloneOf, cloneStore, idOf } from '../support/clone-store.js'
import { exhaustively } from '../support/exhaustively.js'
import { having } from '../support/lacking.js'
import { shells } from '../support/scripts.js'
import { tried } from '../support/tier.js'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

describe.each(shells)('a machine that boots under $name, and asks its app', one => {
  const shell = having(one, 'curl')
  let store: CloneStore
  let clone: Clone
  let app: Server
  let asked: string[]
  let answer: Answer
  beforeEach(async () => {
    store = cloneStore()
    clone = cloneOf(store.dir)
    asked = []
    answer = { status: 200, headers: {}, body: 'fine' }
    app = createServer(({ url = '', headers }, response) => {
      asked.push(`${url} ${headers['user-agent']}`)
      response.writeHead(answer.status, answer.headers).end(answer.body)
    })
    await new Promise<void>(done => app.listen(0, '127.0.0.1', done))
  })
  afterEach(() => void app.close())
  const port = () => (app.address() as AddressInfo).port
  const boot = async (health: object, env: Readonly<Record<string, string>> = {}) => {
    await store.confirms(
      1,
      { version: 'one' },
      { health: { timeout: '1s', ...health }, secrets: { KEY: { env: 'KEY' } } },
    )
    const { code, stderr } = await clone.boot(shell, {}, { KEY: 'k=1&l', ...env })
    expect(existsSync(clone.ready)).toBe(code === 0)
    return { code, stderr }
  }

  it('asks it by its address with its variables, without a proxy', async () => {
    const url = `http://127.0.0.1:${port()}/up/$CLONEDEPLOY_RELEASE?key=\${KEY}&x=$OTHER`
    const proxy = { http_proxy: 'http://127.0.0.1:9', all_proxy: 'http://127.0.0.1:9' }
    expect(await boot({ url }, proxy)).toEqual({ code: 0, stderr: '' })
    expect(asked).toEqual([`/up/${idOf(1)}?key=k=1&l&x=$OTHER clonedeploy`])
  })

  const wanted = {
    status: 201,
    contains: 'it is "well"',
    headers: { 'X-Cache': 'warm' },
    release: { header: 'X-Release' },
  }
  const well: Answer = {
    status: 201,
    headers: { 'x-cache': 'is warm', 'X-RELEASE': `v ${idOf(1)}` },
    body: 'yes, it is "well"!',
  }
  const unwell: Readonly<Record<string, readonly [Answer, RegExp]>> = {
    'another status': [{ ...well, status: 200 }, /it answered 200/],
    'a redirect': [{ ...well, status: 302, headers: { ...well.headers, location: '/' } }, /it answered 302/],
    'another body': [{ ...well, body: 'no' }, /the body of its answer lacks a text/],
    'another header': [{ ...well, headers: { ...well.headers, 'x-cache': 'cold' } }, /its answer has another X-Cache/i],
    'no header': [{ ...well, headers: {} }, /its answer has another X-Cache, or none/i],
    'another release': [{ ...well, headers: { ...well.headers, 'X-RELEASE': idOf(2) } }, /does not name the release/],
  }

  it('is ready where the answer is as it should be', async () => {
    answer = well
    expect(await boot({ url: `http://127.0.0.1:${port()}/`, ...wanted })).toEqual({ code: 0, stderr: '' })
  })

  it.each(tried(Object.keys(unwell), how => how === 'another release'))('is not ready where it gets %s', async how => {
    const [bad = well, reason = /^$/] = unwell[how] ?? []
    answer = bad
    const { code, stderr } = await boot({ url: `http://127.0.0.1:${port()}/`, ...wanted })
    expect([code, stderr]).toEqual([5, expect.stringMatching(reason)])
    expect(existsSync(`${clone.root}/current`)).toBe(false)
  })

  exhaustively('finds the release in the body, however long that is', async () => {
    answer = { ...well, status: 200, body: `${idOf(1)} ${'x'.repeat(1e6)}` }
    expect((await boot({ url: `http://127.0.0.1:${port()}/`, release: 'body' })).code).toBe(0)
    answer = { ...answer, body: `${idOf(2)} ${'x'.repeat(1e6)}` }
    expect((await boot({ url: `http://127.0.0.1:${port()}/`, release: 'body' })).code).toBe(5)
  })

  exhaustively('waits until it answers, for as long as it may take', async () => {
    const at = port()
    await new Promise(done => app.close(done))
    setTimeout(() => app.listen(at, '127.0.0.1'), 1500)
    expect((await boot({ url: `http://127.0.0.1:${at}/`, timeout: '20s' })).code).toBe(0)
  })

  exhaustively('is not ready where nobody answers, or nobody listens', async () => {
    const at = port()
    await new Promise(done => app.close(done))
    expect(await boot({ url: `http://127.0.0.1:${at}/` })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('is not well in time'),
    })
    expect(await boot({ tcp: at })).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('it takes no connections'),
    })
  })

  it('is ready where something that says nothing takes connections', async () => {
    const socket: Socket = createSocket(() => {})
    await new Promise<void>(done => socket.listen(0, '127.0.0.1', done))
    const { code } = await boot({ tcp: (socket.address() as AddressInfo).port })
    socket.close()
    expect(code).toBe(0)
  })
})
