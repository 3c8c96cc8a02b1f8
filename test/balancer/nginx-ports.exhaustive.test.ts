import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Balancer } from '../../src/balancer/balancer.js'
import { machineFor } from '../../src/balancer/machine.js'
import { nginx as nginxBalancer } from '../../src/balancer/nginx.js'
import { ported } from '../../src/balancer/ported.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { isHere } from '../support/installed.js'
import { nginxBefore, type TestNginx } from '../support/nginx.js'

describe.skipIf(!isHere('nginx'))('a real nginx before hosts with two ports', () => {
  const apps: Server[] = []
  const held: (() => void)[] = []
  const ports = () => apps.map(app => (app.address() as AddressInfo).port)
  let nginx: TestNginx
  let balancer: Balancer
  const door = machineFor(
    { name: 'local', host: 'local', roles: [], deployTo: '/', env: {} },
    { remote: connectLocal, local: connectLocal },
    10_000,
  )
  const asked = async () => {
    const ask = async () => (await fetch(nginx.url, { headers: { connection: 'close' } })).text()
    return [...new Set(await Promise.all(Array.from({ length: 12 }, ask)))].sort()
  }
  const flip = (to: 0 | 1) =>
    balancer.ports?.flip(
      new Map([
        ['h1', ports()[to] ?? 0],
        ['h2', ports()[to + 2] ?? 0],
      ]),
    )
  const sessions = async (host: string, n: number) =>
    (await balancer.ports?.read([host]))?.get(host)?.get(ports()[n] ?? 0)?.sessions

  beforeAll(async () => {
    for (const name of ['h1 first', 'h1 second', 'h2 first', 'h2 second']) {
      const app = createServer((request, response) => {
        if (request.url === '/held') held.push(() => response.end(name))
        else response.end(name)
      })
      await new Promise<void>(resolve => app.listen(0, '127.0.0.1', () => resolve()))
      apps.push(app)
    }
    const [a, b, c, d] = ports() as [number, number, number, number]
    const servers = ports().map(port => `127.0.0.1:${port}`)
    nginx = await nginxBefore(servers, [`127.0.0.1:${b}`, `127.0.0.1:${d}`])
    const seats = new Map([a, b, c, d].map((port, n) => [`h${n < 2 ? 1 : 2}:${port}`, `127.0.0.1:${port}`]))
    const inner = nginxBalancer({ ...nginx, door, servers: seats, watched: true })
    balancer = ported(
      inner,
      new Map([
        ['h1', [a, b]],
        ['h2', [c, d]],
      ]),
    )
  })
  afterAll(async () => {
    for (const end of held) end()
    await nginx?.stop()
    door.close()
    for (const app of apps) app.close()
  })

  it('sends all users of all hosts to the other port by one reload, which is over when nobody new meets the first', async () => {
    await flip(0)
    expect(await balancer.check()).toEqual([])
    expect(await asked()).toEqual(['h1 first', 'h2 first'])
    const moment = await flip(1)
    expect(await asked()).toEqual(['h1 second', 'h2 second'])
    expect((moment?.to ?? 0) - (moment?.from ?? 0)).toBeGreaterThan(0)
    const states = await balancer.ports?.read(['h1', 'h2'])
    const told = [...(states ?? [])].flatMap(([, read]) => [...read.values()].map(({ state }) => state))
    expect(told).toEqual(['drain', 'ready', 'drain', 'ready'])
  })

  it('counts the workers that still have something to answer by the first port', async () => {
    await flip(0)
    const answer = fetch(`${nginx.url}held`, { headers: { connection: 'close' } })
    await vi.waitFor(() => expect(held).toHaveLength(1), 300_000)
    await flip(1)
    expect(await sessions('h1', 0)).toBeGreaterThan(0)
    held.pop()?.()
    expect(await (await answer).text()).toMatch(/ first$/)
    await vi.waitFor(async () => expect(await sessions('h1', 0)).toBe(0), 300_000)
  })

  it('lets who had opened a connection before be answered by the first port, and by no other', async () => {
    await flip(0)
    const socket = connect(nginx.port, '127.0.0.1')
    await new Promise(resolve => socket.once('connect', resolve))
    // A worker has accepted it when the one that came after it is answered.
    await asked()
    await flip(1)
    let said = ''
    socket.on('data', chunk => {
      said += chunk
    })
    const over = new Promise(resolve => socket.once('close', resolve))
    socket.write('GET / HTTP/1.1\r\nHost: shop\r\n\r\n')
    await over
    expect(said).toMatch(/ first\r\n/)
    expect(said).toContain('Connection: close')
  })

  it('is believed by nobody where it does not take the reload, and its file is as it was', async () => {
    await flip(0)
    const before = nginx.text()
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => taken.once('listening', resolve))
    nginx.listenOn((taken.address() as AddressInfo).port)
    expect(await balancer.check()).toEqual([])
    await expect(flip(1)).rejects.toThrow('nginx goes on as before, although it was told to reload')
    expect(nginx.text()).toBe(before)
    expect(await asked()).toEqual(['h1 first', 'h2 first'])
    taken.close()
    nginx.listenOn()
  })

  it('is told by a check where it would not take the file, or has not read it', async () => {
    await flip(0)
    const before = nginx.text()
    nginx.write(before.replace('upstream', 'upstraem'))
    expect((await balancer.check())[0]?.text).toContain('could not be changed: nginx: configuration file')
    nginx.write(before)
    await vi.waitFor(
      async () => {
        nginx.write(before)
        expect((await balancer.check())[0]?.text).toContain('nginx has not read it since')
      },
      { timeout: 300_000, interval: 500 },
    )
    await flip(0)
    expect(await balancer.check()).toEqual([])
  })
})
