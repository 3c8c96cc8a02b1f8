import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { ageLocks } from '../support/lease.js'
import { all, onFleet } from '../support/on-fleet.js'
import { type Json, short, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

interface App {
  readonly server: Server
  readonly port: number
  /** How often its page was asked for. */
  asked: number
  /** What only this host has in its page, of version two. */
  own: string
  /** What becomes of who asks for the page of version two. */
  does: 'answer' | 'fail' | 'hang'
}

describe.skipIf(!sshdIsHere())('a deploy whose hosts have to answer alike', () => {
  const here = onFleet({ hosts: all.length })
  let apps: App[]
  const app = (i: number) => apps[i - 1] as App
  const versions = () => all.map(i => textOf(here.project.on(i, 'current/version')).trim())
  const status = async () => (await here.project.run('status --json')).json()

  beforeEach(async () => {
    apps = await Promise.all(all.map(startApp))
    here.project.configure(
      { health: [{ url: 'http://127.0.0.1:$PORT/healthz', timeout: '5s' }, { same: ['/'] }] },
      i => ({ env: { PORT: app(i).port } }),
    )
  })
  afterEach(() => {
    for (const { server } of apps) {
      server.closeAllConnections()
      server.close()
    }
  })

  /** It is always well; its page tells the version, the time, and the host. */
  async function startApp(i: number): Promise<App> {
    const server = createServer((request, response) => {
      if (request.url === '/healthz') return response.end('well')
      const one = app(i)
      one.asked += 1
      const version = textOf(here.project.on(i, 'current/version')).trim()
      const isTwo = version === 'two'
      if (isTwo && one.does === 'hang') return
      if (isTwo && one.does === 'fail') return response.writeHead(500).end('no')
      response.end(`Shop ${version}\nat ${new Date().toISOString()} on h${i}\n${isTwo ? one.own : ''}price`)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return { server, port: (server.address() as AddressInfo).port, asked: 0, own: '', does: 'answer' }
  }

  /** Version one is served by all, version two waits for its deploy. */
  async function served(): Promise<string> {
    const release = await here.project.deployed('one')
    here.project.write({ 'app/version': 'two\n' })
    for (const one of apps) one.asked = 0
    return release
  }

  exhaustively(
    'is confirmed where they do, after health; a rollback compares nothing, and a dry run says what a deploy would do',
    async () => {
      const { project } = here
      const one = await served()
      const planned = (await project.run('deploy --dry-run --json')).json().steps.map(({ text }: Json) => text)
      expect(planned).toContain('GET / = the same answer from all, else all 3 hosts go back')
      expect(apps.map(({ asked }) => asked)).toEqual([0, 0, 0])
      const { code, stdout } = await project.run('deploy --output jsonl')
      expect(code).toBe(0)
      const events = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as Json)
      const phases = events.filter(({ type }) => type === 'phase.start').map(({ phase }) => phase)
      expect(phases.slice(phases.indexOf('health'))).toEqual(['health', 'same', 'confirm'])
      expect(events.find(({ type, phase }) => type === 'phase.end' && phase === 'same')).toMatchObject({
        ...{ ok: true, note: 'GET /, 3/3 alike' },
      })
      expect([versions(), apps.map(({ asked }) => asked)]).toEqual([all.map(() => 'two'), [2, 2, 2]])
      const { json } = await project.run('rollback --yes --json')
      expect(json()).toMatchObject({ result: 'rolled-back', release: one })
      expect(apps.map(({ asked }) => asked)).toEqual([2, 2, 2])
    },
  )

  it('goes back everywhere where one host answers differently, with 5, and says where', async () => {
    const one = await served()
    app(2).own = 'another '
    const { code, json, stderr } = await here.project.run('deploy --json')
    expect(code).toBe(5)
    expect(json()).toMatchObject({ result: 'put-back', previous: one })
    const differs = 'GET / is not answered as on h1 and h3: line 3 of the body is "another price", there "price"'
    expect(json().reason).toBe(`h2: ${differs}`)
    expect(json().hosts.map(({ error }: Json) => error?.message ?? null)).toEqual([null, differs, null])
    expect(stderr).toContain(`All 3 hosts serve ${one} again (verified)`)
    expect(versions()).toEqual(all.map(() => 'one'))
    expect(textOf(here.project.on(1, '.clonedeploy/bad', json().release))).toContain('GET / is not answered')
    expect(await status()).toMatchObject({ result: 'consistent', target: one, lock: null })
  })

  exhaustively('goes back everywhere where one host does not answer, with 5', async () => {
    const one = await served()
    app(3).does = 'fail'
    const { code, json } = await here.project.run('deploy --json')
    expect([code, json().reason]).toEqual([5, 'h3: GET / was answered 500'])
    expect(versions()).toEqual(all.map(() => 'one'))
    expect(await status()).toMatchObject({ result: 'consistent', target: one, lock: null })
  })

  exhaustively('goes back by itself where the controller is killed while it asks', async () => {
    const { project } = here
    const one = await served()
    app(1).does = 'hang'
    const running = project.start('deploy', { times: short })
    await vi.waitFor(() => expect(app(1).asked).toBeGreaterThan(0), { timeout: 300_000, interval: 20 })
    expect(versions()).toEqual(all.map(() => 'two'))
    running.child.kill('SIGKILL')
    await running.ended
    await vi.waitFor(() => expect(versions()).toEqual(all.map(() => 'one')), { timeout: 300_000, interval: 100 })
    ageLocks(project)
    expect((await project.run('repair --json')).code).toBe(0)
    expect(await status()).toMatchObject({ result: 'consistent', target: one, lock: null })
  })

  exhaustively('is put back by Ctrl-C while it asks, with 5', async () => {
    await served()
    app(1).does = 'hang'
    const running = here.project.start('deploy')
    await vi.waitFor(() => expect(app(1).asked).toBeGreaterThan(0), { timeout: 300_000, interval: 20 })
    running.child.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect(code).toBe(5)
    expect(stderr).toMatch(/Stopped by Ctrl-C.*All 3 hosts serve/)
    expect(versions()).toEqual(all.map(() => 'one'))
  })
})
