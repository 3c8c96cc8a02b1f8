import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Connect } from '../../src/connection/connection.js'
import { ConnectError } from '../../src/connection/errors.js'
import { connectLocal } from '../../src/connection/local.js'
import { checkHealth } from '../../src/fleet/health.js'
import { startSession } from '../../src/fleet/session.js'
import { never } from '../../src/fleet/stop.js'
import type { HealthStep } from '../../src/plan/plan.js'
import { Script } from '../../src/scripts/shell.js'

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
