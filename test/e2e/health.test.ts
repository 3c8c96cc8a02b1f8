import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { both, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

/** An app: it reads its release when it is restarted, and goes on serving that. */
interface App {
  readonly server: Server
  readonly port: number
  asked: number
}

describe.skipIf(!sshdIsHere())('health over HTTP, asked on each host', () => {
  const here = onFleet({ hosts: both.length })
  let apps: App[]
  const app = (i: number) => apps[i - 1] as App

  beforeEach(async () => {
    apps = await Promise.all(both.map(startApp))
    configure()
  })
  afterEach(() => {
    for (const { server } of apps) server.close()
  })

  /** Restarting is copying the release's number to where the app reads it at each request. */
  function configure(
    health: object = {},
    restart = 'cp "$CLONEDEPLOY_RELEASE_PATH/version" "$AT/runs.$CLONEDEPLOY_HOST"; echo "$CLONEDEPLOY_RELEASE" >>"$AT/runs.$CLONEDEPLOY_HOST"',
  ) {
    here.project.configure(
      {
        env: { AT: here.project.root },
        restart,
        health: { url: 'http://127.0.0.1:$PORT/healthz', release: 'body', timeout: '2s', ...health },
      },
      i => ({ env: { PORT: app(i).port } }),
    )
  }

  async function startApp(i: number): Promise<App> {
    const server = createServer((request, response) => {
      app(i).asked += 1
      const runs = textOf(`${here.project.root}/runs.h${i}`)
      response.setHeader('x-release', runs.split('\n')[1] ?? '')
      response.writeHead(runs.startsWith('broken') ? 500 : request.url === '/healthz' ? 200 : 404).end(runs)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return { server, port: typeof address === 'object' ? (address?.port ?? 0) : 0, asked: 0 }
  }

  it('is good when every app says that it serves the release', async () => {
    const { project } = here
    const one = await project.deployed('one')
    for (const i of both) expect(app(i).asked).toBeGreaterThan(0)
    const { code, json } = await project.run('status --json')
    expect(code).toBe(0)
    expect(json().hosts.map(({ served, health }: Json) => [served, health])).toEqual(both.map(() => [one, 'ok']))
  })

  exhaustively('is good when a header says so, and other headers hold what they should', async () => {
    configure({ release: { header: 'X-Release' }, headers: { 'x-release': '-' } })
    await here.project.deployed('one')
  })

  exhaustively('is good when the app tells what REVISION says, and when its port takes connections', async () => {
    const { project } = here
    configure({}, 'cp REVISION "$AT/runs.$CLONEDEPLOY_HOST"')
    const one = await project.deployed('one')
    const { json } = await project.run('status --json')
    expect(json().hosts.map(({ served }: Json) => served)).toEqual(both.map(() => one))
    configure({ url: undefined, release: undefined, tcp: '127.0.0.1:$PORT' })
    await project.deployed('two')
  })

  it('fails when one app answers 500: all go back and serve the old release, with 5', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const two =
      'cp "$CLONEDEPLOY_RELEASE_PATH/version" "$AT/runs.$CLONEDEPLOY_HOST"; grep -q two version && [ $CLONEDEPLOY_HOST = h2 ] && echo broken >"$AT/runs.$CLONEDEPLOY_HOST"; echo "$CLONEDEPLOY_RELEASE" >>"$AT/runs.$CLONEDEPLOY_HOST"'
    configure({}, two)
    project.write({ 'app/version': 'two\n' })
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(5)
    expect(json().hosts.map(({ current, healthy }: Json) => [current, healthy])).toEqual(both.map(() => [one, true]))
    expect(stderr).toContain('→ 500')
    for (const i of both) expect(textOf(`${project.root}/runs.h${i}`)).toBe(`one\n${one}\n`)
  })

  it('fails when one app goes on with the old code although its link is new, with 5', async () => {
    const { project } = here
    const one = await project.deployed('one')
    configure(
      {},
      '[ "$CLONEDEPLOY_HOST" = h2 ] || { cp version "$AT/runs.$CLONEDEPLOY_HOST"; echo "$CLONEDEPLOY_RELEASE" >>"$AT/runs.$CLONEDEPLOY_HOST"; }',
    )
    project.write({ 'app/version': 'two\n' })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(5)
    expect(stderr).toMatch(/the app does not say that it serves \S+: it serves /)
    for (const i of both) {
      expect(project.current(i)).toBe(`releases/${one}`)
      expect(textOf(`${project.root}/runs.h${i}`)).toBe(`one\n${one}\n`)
    }
  })

  it.each([
    ['a header of another value', { headers: { 'x-release': 'v2' } }, 'x-release is "'],
    ...exhaustive<readonly [string, object, string]>([
      ['an answer of another status', { status: 204 }, '→ 200'],
      ['a body without the text', { contains: 'never there' }, 'does not contain "never there"'],
      ['a header that is not there', { headers: { 'X-Cache': 'MISS' } }, 'there is no header x-cache'],
      [
        'a port that takes no connection',
        { url: undefined, release: undefined, tcp: 1 },
        'connect to 127.0.0.1:1 → connection refused',
      ],
    ]),
    ['nobody who listens', { url: 'http://127.0.0.1:1/healthz' }, '127.0.0.1:1'],
  ] as const)('fails for %s, with 5', async (_, health, sentence) => {
    const { project } = here
    configure({ timeout: '1s', ...health })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(5)
    expect(stderr).toContain(sentence)
    for (const i of both) expect(project.current(i)).toBeNull()
  })

  it('that fails later is told by status, with 6: also what is served instead', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    project.write({ 'runs.h1': `one\n${one}\n`, 'runs.h2': 'broken\n' })
    const { code, json } = await project.run('status --json')
    expect(code).toBe(6)
    expect(json().hosts.map(({ served, health, flag }: Json) => [served, health, flag])).toEqual([
      [one, 'failing', 'FAILING'],
      [null, 'failing', 'FAILING'],
    ])
    expect((await project.run('status')).stdout).toMatch(new RegExp(`h1 +${two} +${one} `))
  })
})
