import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { all, onFleet } from '../support/on-fleet.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { tried } from '../support/tier.js'

/** An app on one host: a page with the time, a nonce and the host's name, and a login. */
interface App {
  readonly server: Server
  readonly port: number
  readonly requests: string[]
  locale: string
  timeZone: string
  /** What it answers from its own cache, for ever. */
  cached: string | null
  sessions: Map<string, string>
  /** Where it sends on who asks for /moved. */
  moved: string
  /** Answers with 503. */
  broken: boolean
}

const password = 'correct horse battery'

describe.skipIf(!sshdIsHere())('an audit that asks', () => {
  const here = onFleet({ hosts: all.length })
  let apps: App[]
  const app = (i: number) => apps[i - 1] as App

  beforeEach(async () => {
    const redis = new Map<string, string>()
    apps = await Promise.all(all.map(i => startApp(i, redis)))
  })
  afterEach(() => {
    for (const { server } of apps) server.close()
  })

  async function startApp(i: number, sessions: Map<string, string>): Promise<App> {
    const server = createServer((request, response) => {
      const one = app(i)
      one.requests.push(`${request.method} ${request.url}`)
      const token = randomBytes(18).toString('base64')
      response.setHeader('set-cookie', `seen=${randomBytes(9).toString('base64url')}; Path=/`)
      response.setHeader('x-host', `h${i}`)
      if (request.url === '/moved') return response.writeHead(302, { location: one.moved }).end()
      if (one.broken) return response.writeHead(503).end('busy')
      if (request.url === '/login' && request.method === 'GET')
        return response.end(`<form><input type="hidden" name="csrf" value="a&amp;b"></form>`)
      if (request.url === '/login') {
        let form = ''
        request.on('data', chunk => {
          form += chunk
        })
        request.on('end', () => {
          const fields = new URLSearchParams(form)
          const isRight = fields.get('password') === password && fields.get('csrf') === 'a&b'
          const user = isRight ? fields.get('user') : null
          const sid = randomBytes(9).toString('hex')
          if (user !== null) one.sessions.set(sid, user)
          response.writeHead(user === null ? 401 : 303, {
            location: '/',
            'set-cookie': [`sid=${sid}; HttpOnly`, 'old='],
          })
          response.end()
        })
        return
      }
      const sid = /sid=(\w+)/.exec(request.headers.cookie ?? '')?.[1] ?? ''
      const user = one.sessions.get(sid)
      const time = new Date().toLocaleTimeString('en-GB', { timeZone: one.timeZone })
      const page = [
        `<h1 data-nonce="${token}">Shop</h1>`,
        `<p>${user === undefined ? 'Log in' : `Hello ${user}`}</p>`,
        `<p>1 piece ${new Intl.NumberFormat(one.locale, { minimumFractionDigits: 2 }).format(1234.5)}</p>`,
        `<p>${time} on h${i}</p>`,
        '',
      ].join('\n')
      response.end(one.cached ?? page)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    return {
      server,
      port,
      requests: [],
      locale: 'de',
      timeZone: 'UTC',
      cached: null,
      sessions,
      moved: '/',
      broken: false,
    }
  }

  const login = {
    request: {
      url: '/login',
      token: { page: '/login', field: 'csrf' },
      form: { user: 'audit', password: { env: 'AUDIT_PASSWORD' } },
    },
    page: '/',
    expect: 'Hello audit',
  }
  const env = { AUDIT_PASSWORD: password }

  async function configured(audit: object): Promise<void> {
    here.project.configure(
      {
        audit: { ignore: ['/tmp', '/var/lib'], ...audit },
        health: { url: 'http://127.0.0.1:$PORT/', timeout: '5s' },
      },
      i => ({ env: { PORT: app(i).port } }),
    )
    await here.project.deployed('one')
    for (const { requests } of apps) requests.splice(0)
  }

  async function audited(args = '') {
    const { code, json } = await here.project.run(`audit --json ${args}`, { env })
    return { code, ...json() } as Json
  }

  exhaustively(
    'is clean where hosts answer alike but for times, nonces, cookies and their names, and know who logged in on one',
    async () => {
      await configured({ ask: ['/', { url: 'http://127.0.0.1:$PORT/deals' }], login })
      const report = await audited()
      expect(report).toMatchObject({ code: 0, result: 'clean', found: [], answers: [], advice: {}, notes: [] })
      expect(report.login).toEqual({
        ...{ host: 'h1', page: 'GET /', result: 'known', known: ['h1', 'h2', 'h3'], unknown: [], error: null },
      })
      expect(app(2).requests.filter(one => one === 'GET /deals')).toHaveLength(2)
      expect(app(1).requests.filter(one => one === 'POST /login')).toHaveLength(1)
      expect(app(2).requests.filter(one => one === 'POST /login')).toHaveLength(0)
    },
  )

  const others: readonly (readonly [string, (one: App) => void, string, string])[] = [
    ['a locale', one => Object.assign(one, { locale: 'en' }), '<p>1 piece 1,234.50</p>', '<p>1 piece 1.234,50</p>'],
    ['a time zone', one => Object.assign(one, { timeZone: 'Asia/Tokyo' }), 'on h2</p>', 'on h1</p>'],
    ['a stale cache', one => Object.assign(one, { cached: 'Closed until Monday' }), 'Closed until Monday', '<h1 '],
  ]
  it.each(
    tried(others, ([what]) => what === 'a locale'),
  )('finds the one host that has %s of its own', async (_, change, says, othersSay) => {
    await configured({ ask: ['/'] })
    change(app(2))
    const { code, result, answers, advice } = await audited()
    expect([code, result, answers.length]).toEqual([7, 'found', 1])
    expect(answers[0]).toMatchObject({ request: 'GET /', part: 'body', hosts: ['h2'], others: ['h1', 'h3'] })
    expect(answers[0].says).toContain(says)
    expect(answers[0].othersSay).toContain(othersSay)
    expect(advice.answer).toContain('time zone')
    expect(app(1).requests).toHaveLength(5)
  })

  exhaustively('finds the one host that has another Node, and says which', async () => {
    const other = anotherNode()
    const code = `require('node:http').createServer((_, answer) => answer.end('<p>Node ' + process.version + '</p>'))
      .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
    const ports = await Promise.all(
      all.map(async i => {
        const child = spawn(i === 2 ? other : process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
        onTestFinished(() => void child.kill('SIGKILL'))
        const [line] = await once(child.stdout, 'data')
        return Number(line)
      }),
    )
    const path = (i: number) => `${dirname(i === 2 ? other : process.execPath)}:/usr/bin:/bin`
    here.project.configure(
      { audit: { ignore: ['/tmp', '/var/lib'], ask: ['http://127.0.0.1:$PORT/'] }, runtime: 'node --version' },
      i => ({ env: { PORT: ports[i - 1], PATH: path(i) } }),
    )
    await here.project.deployed('one')
    const version = execFileSync(other, ['--version'], { encoding: 'utf8' }).trim()
    const { code: exit, answers } = await audited()
    expect([exit, answers]).toEqual([
      7,
      [
        expect.objectContaining({
          ...{ hosts: ['h2'], says: `<p>Node ${version}</p>` },
          ...{ others: ['h1', 'h3'], othersSay: `<p>Node ${process.version}</p>` },
        }),
      ],
    ])
    expect((await here.project.run('status --json')).json().unlike).toEqual([
      `the hosts are not alike by node --version: h1 and h3: ${process.version}; h2: ${version}`,
    ])
  })

  it('finds sessions in the memory of each host by a login, says who does not know it, and names Redis', async () => {
    await configured({ login })
    app(1).sessions = new Map()
    const { code, json, stderr } = await here.project.run('audit --json', { env })
    expect([code, json().result]).toEqual([7, 'found'])
    expect(json().login).toMatchObject({
      host: 'h1',
      known: ['h1'],
      unknown: [{ name: 'h2', status: 200 }, { name: 'h3' }],
    })
    expect(json().advice.session).toContain('Redis')
    const told = await here.project.run('audit', { env })
    expect(told.stdout).toContain(`
  who logs in on h1 is known there, and not on every host:
  h2 does not: GET / is answered 200 without them
  h3 does not: GET / is answered 200 without them

  session   Keep sessions in Redis`)
    expect(told.stdout).toMatch(/\n✖ A session is kept on one host\.\n$/)
    for (const text of [stderr, told.stdout, told.stderr, JSON.stringify(json())]) expect(text).not.toContain(password)
  })

  exhaustively('says nothing of sessions where the login fails, or the page has the text for everybody', async () => {
    await configured({ login: { ...login, request: { ...login.request, form: { user: 'audit', password: 'wrong' } } } })
    const failed = await audited()
    expect([failed.code, failed.result]).toEqual([6, 'incomplete'])
    expect(failed.login.error).toContain('h1 itself does not know who logged in: the login was answered 401')
    await configured({ login: { ...login, expect: 'Shop' } })
    const everybody = await audited()
    expect([everybody.code, everybody.login.result]).toEqual([6, 'incomplete'])
    expect(everybody.login.error).toContain('GET / has "Shop" for everybody on h1, h2 and h3')
  })

  exhaustively('compares where a redirect leads, and follows none', async () => {
    await configured({ ask: ['/moved'] })
    expect(await audited()).toMatchObject({
      code: 0,
      result: 'clean',
      notes: ['GET /moved is answered 302 by every host, and leads to /: that page was not asked for'],
    })
    app(2).moved = '/setup'
    expect(await audited()).toMatchObject({
      code: 7,
      answers: [
        { request: 'GET /moved', part: 'header', header: 'location', hosts: ['h2'], says: '/setup', othersSay: '/' },
      ],
    })
    expect(apps.flatMap(({ requests }) => requests.filter(one => one !== 'GET /moved'))).toEqual([])
  })

  exhaustively('calls no fleet clean where a host is out of order, or does not answer', async () => {
    await configured({ ask: ['/'], login })
    app(3).broken = true
    await new Promise(resolve => app(2).server.close(resolve))
    const { code, result, notes, login: user } = await audited()
    expect([code, result]).toEqual([6, 'incomplete'])
    expect(notes).toEqual([
      expect.stringMatching(/^h2: GET \/: connection refused/),
      'h3: GET / was answered 503',
      expect.stringMatching(/one host answered/),
    ])
    expect(user.error).toMatch(/^h2: .*; h3: answered 503$/)
  })

  exhaustively('refuses a secret that cannot be read, with 3, and prints none that the app gives back', async () => {
    await configured({ ask: ['/'], login })
    const unset = await here.project.run('audit')
    expect(unset.code).toBe(3)
    expect(unset.stderr).toContain('audit.login.request.form.password   $AUDIT_PASSWORD is not set here')
    app(2).cached = `you said ${password}`
    const { json } = await here.project.run('audit --json', { env })
    expect(json().answers[0].says).toBe('you said [redacted]')
  })
})

/** The program of a Node that is not this one's, from npm's registry. */
function anotherNode(): string {
  const major = process.version.startsWith('v24.') ? 22 : 24
  const words = ['exec', '--yes', `--package=node@${major}`, '--', 'node', '-p', 'process.execPath']
  return execFileSync('npm', words, { cwd: tmpdir(), encoding: 'utf8' }).trim()
}
