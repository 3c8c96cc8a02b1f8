import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connect } from '../../src/connection/connection.js'
import { ConnectError } from '../../src/connection/errors.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { askOnce, checkHealth } from '../../src/fleet/health/health.js'
import { askHttpHere } from '../../src/fleet/health/http.js'
import { startSession } from '../../src/fleet/session.js'
import { never } from '../../src/fleet/stop.js'
import type { HealthStep } from '../../src/plan/plan.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { selfSigned } from '../support/self-signed.js'

const host = { name: 'h1', host: 'h1', roles: [], deployTo: '/', env: {} }
const limits = { timeout: 30_000, tryTimeout: 5000, roles: null }

describe('health asked of a host whose connection was lost', () => {
  let server: Server
  let url: URL
  beforeAll(async () => {
    server = createServer((_, response) => response.end('well'))
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  })
  afterAll(() => server.close())

  const http = { kind: 'http', url: '', status: 200, contains: null, headers: {}, release: null, ...limits } as const
  const steps: readonly (readonly [string, () => HealthStep])[] = [
    ['an address', () => stepOf(http, { url })],
    ['a port', () => stepOf({ kind: 'tcp', address: '', ...limits }, { url })],
    ['a command', () => stepOf({ kind: 'command', run: 'true', ...limits }, { script: new Script('health', 'true') })],
  ]

  it.each(steps)('%s is asked again over a new one', async (_, step) => {
    const { session, lose } = await lost(connectLocal)
    await lose()
    expect(await checkHealth(session, step(), never)).toMatchObject({ ok: true })
    session.close()
  })

  it.each(steps)('%s is not asked again and again where no new one comes about', async (_, step) => {
    let asked = 0
    const { session, lose } = await lost(() => {
      asked += 1
      return Promise.reject(new ConnectError('unreachable', 'h1', 'h1: no route to host'))
    })
    await lose()
    const health = await checkHealth(session, step(), never)
    expect(health).toMatchObject({ ok: false, lost: true })
    expect(health.note).toContain('the host was lost and is not reached again: h1: no route to host, 1 try in 0s')
    expect(asked).toBe(1)
  })
})

describe('health by an address', () => {
  const protocols: readonly (readonly [string, (answer: RequestListener) => Server])[] = [
    ['http', answer => createServer(answer)],
    ['https', answer => createTlsServer(selfSigned, answer)],
  ]

  it.each(
    protocols,
  )('by %s is asked on the host, whatever listens on this machine under the same address', async (protocol, start) => {
    const here = await listening(start((_, response) => response.end('this machine')))
    const there = await listening(start((_, response) => response.writeHead(500).end('the\n\nhost\n')))
    const away: Connect = async (...of) => {
      const connection = await connectLocal(...of)
      return { ...connection, forward: () => connection.forward({ host: '127.0.0.1', port: there.port }) }
    }
    const session = startSession(await away(host, { timeout: 20_000 }), away, 20_000, () => {})
    const check = { kind: 'http', url: '', status: 200, contains: null, headers: {}, release: null, ...limits } as const
    const url = new URL(`${protocol}://127.0.0.1:${here.port}/`)
    expect(await askOnce(session, stepOf(check, { url }), 5000)).toMatchObject({
      ok: false,
      note: '500',
      output: ['body: the', 'body: host'],
    })
    session.close()
    for (const { server } of [here, there]) server.close()
  })
})

describe('an address that this machine asks', () => {
  const check = { kind: 'http', url: '', status: 200, contains: 'ok', headers: {}, release: null, ...limits } as const
  const asked = (url: string, timeout = 5000, stop = never) =>
    askHttpHere(stepOf(check, { url: new URL(url) }), new URL(url), timeout, stop)

  it('is judged as an address of a host is', async () => {
    const answers = ['ok', 'firing']
    const { server, port } = await listening(createServer((_, response) => response.end(answers.shift())))
    expect(await asked(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: true })
    const bad = { ok: false, note: '200, but the body does not contain "ok"', output: ['body: firing'] }
    expect(await asked(`http://127.0.0.1:${port}/`)).toMatchObject(bad)
    server.close()
    expect(await asked(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: false, note: 'connection refused' })
  })

  it('has to have a valid certificate: it is asked from outside', async () => {
    const { server, port } = await listening(createTlsServer(selfSigned, (_, response) => response.end('ok')))
    // Node 24 adds what may help.
    const note = expect.stringMatching(/^self-signed certificate(;|$)/)
    expect(await asked(`https://127.0.0.1:${port}/`)).toMatchObject({ ok: false, note })
    server.close()
  })

  it('is not waited for when the time is over, or a stop is asked for', async () => {
    const { server, port } = await listening(createServer(() => {}))
    expect(await asked(`http://127.0.0.1:${port}/`, 100)).toMatchObject({ ok: false, note: 'no answer in 100 ms' })
    const stop = { reason: () => 'Ctrl-C', asked: Promise.resolve('Ctrl-C') }
    expect(await asked(`http://127.0.0.1:${port}/`, 60_000, stop)).toMatchObject({ ok: false })
    server.closeAllConnections()
    server.close()
  })
})

async function listening(server: Server): Promise<{ readonly server: Server; readonly port: number }> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { server, port: (server.address() as AddressInfo).port }
}

function stepOf(check: HealthStep['check'], target: HealthStep['target']): HealthStep {
  return { kind: 'health', name: 'health', text: 'health', check, root: '/', target, proofs: [], others: [] }
}

async function lost(again: Connect) {
  const first = await connectLocal(host, { timeout: 20_000 })
  const session = startSession(first, again, 20_000, () => {})
  const lose = async () => {
    first.close()
    await first.closed
  }
  return { session, lose }
}
