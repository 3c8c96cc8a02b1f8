import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { installed, isHere } from '../support/installed.js'
import { type Json, runIn } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

const isComplete = sshdIsHere() && isHere('haproxy') && isHere('redis-server')
const withBrowser = isHere('chromium')

interface Demo {
  readonly child: ChildProcess
  readonly event: () => Promise<Json>
  /** Lets it go on; what it tells then. */
  readonly next: () => Promise<Json>
}

function startDemo(): Demo {
  for (const program of ['haproxy', 'redis-server'] as const) installed(program)
  const script = join(import.meta.dirname, '../../examples/express-redis-haproxy/demo.js')
  const child = spawn(process.execPath, [script, '--step', '--json'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', text => {
    said += text
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const event = async () => {
    const { done, value } = await lines.next()
    if (done) throw new Error(`the demo has ended:\n${said}`)
    return JSON.parse(value)
  }
  const next = () => {
    child.stdin.write('\n')
    return event()
  }
  return { child, event, next }
}

/** Processes that have the folder in their command line or environment, or live in it. */
function processesOf(dir: string): readonly string[] {
  const tell = (read: () => string) => {
    try {
      return read()
    } catch {
      return ''
    }
  }
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid =>
      [
        tell(() => readFileSync(`/proc/${pid}/cmdline`, 'latin1')),
        tell(() => readFileSync(`/proc/${pid}/environ`, 'latin1')),
        tell(() => readlinkSync(`/proc/${pid}/cwd`)),
      ].some(text => text.includes(dir)),
    )
}

describe.skipIf(!isComplete)('examples/express-redis-haproxy, users under way', () => {
  let demo: Demo
  let dir: string
  let url: string

  beforeAll(async () => {
    demo = startDemo()
    ;({ dir, url } = await demo.event())
    expect(await demo.event()).toMatchObject({ event: 'first', users: 15 })
    if (withBrowser) await openBrowser()
  })
  afterAll(async () => {
    await context?.close()
    if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    if (demo?.child.exitCode === null && demo.child.kill()) await once(demo.child, 'exit')
  })

  let profile: string
  let context: BrowserContext
  let page: Page
  let visits = 0

  async function openBrowser(): Promise<void> {
    profile = mkdtempSync(join(tmpdir(), 'clonedeploy-chromium-'))
    const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
    args.push('--disable-background-networking', '--disable-component-update')
    context = await chromium.launchPersistentContext(profile, { executablePath: installed('chromium'), args })
    page = context.pages()[0] ?? (await context.newPage())
    await page.goto(url)
    await page.getByLabel('Name').fill('anna')
    await page.getByRole('button', { name: 'Log in' }).click()
    visits = 1
  }

  /** What the browser shows now, and whether it was logged in all the time. */
  async function seen() {
    const [heading, user, host] = await Promise.all(['h1', '#user', '#host'].map(one => page.locator(one).innerText()))
    return { heading, user, host }
  }
  const logged = (visit: number) => `anna, this is your visit number ${visit}`

  it.skipIf(!withBrowser)('shows a browser the first version, logged in', async () => {
    expect(await seen()).toMatchObject({ heading: 'Hello from version 1', user: logged(1) })
  })

  it('keeps nothing of its users on a host; a session in a file would be found', async () => {
    const audited = async () => {
      const { found, hosts, result, answers, login, notes } = (await runIn(dir, 'audit --json')).json()
      expect(result).not.toBe('incomplete')
      expect([answers, notes]).toEqual([[], []])
      expect(login).toMatchObject({ result: 'known', known: ['web-1', 'web-2', 'web-3'], unknown: [] })
      expect(hosts.map(({ reachable }: Json) => reachable)).toEqual([true, true, true])
      // What other programs of this machine keep is none of these hosts'.
      return found.filter(({ path }: Json) => !/^\/(tmp|var)\//.test(path)).map(({ kind, path }: Json) => [kind, path])
    }
    expect(await audited()).toEqual([])
    const file = join(dir, 'web-2/shop/shared/sessions/0a1b.json')
    mkdirSync(dirname(file))
    writeFileSync(file, '{"user":"anna"}')
    expect(await audited()).toEqual([['session', 'shared/sessions/0a1b.json']])
    rmSync(dirname(file), { recursive: true })
  })

  it('deploys without an error, a lost session, or a user who sees the old release after the new one', async () => {
    const told = await demo.next()
    expect(told).toMatchObject({ step: 'deploy', failed: 0, sessionsLost: 0 })
    expect(told.changes).toMatchObject({ stays: 1, 'connects anew': 1, 'waits long': 1, 'does not log in': 1 })
    expect(Object.keys(told.releases).sort()).toEqual([told.from, told.to].sort())
  })

  it.skipIf(!withBrowser)('keeps the browser logged in, on whichever host, and shows it the new version', async () => {
    await page.reload()
    visits += 1
    const before = await seen()
    expect(before).toMatchObject({ heading: 'Hello from version 2', user: logged(visits) })
    await context.clearCookies({ name: 'HOST' })
    await page.reload()
    visits += 1
    const after = await seen()
    expect(after).toMatchObject({ heading: 'Hello from version 2', user: logged(visits) })
  })

  it('lets nobody meet a release that one host cannot start', async () => {
    const told = await demo.next()
    expect(told).toMatchObject({ step: 'failed deploy', failed: 0, sessionsLost: 0 })
    expect(Object.keys(told.releases)).toEqual([told.from])
    expect(told.to).toBe(told.from)
  })

  it('rolls back in the same way', async () => {
    const told = await demo.next()
    expect(told).toMatchObject({ step: 'rollback', failed: 0, sessionsLost: 0 })
    expect(told.changes).toMatchObject({ stays: 1, 'connects anew': 1, 'waits long': 1, 'does not log in': 1 })
  })

  it.skipIf(!withBrowser)('has kept the browser logged in through it all', async () => {
    await page.reload()
    visits += 1
    expect(await seen()).toMatchObject({ heading: 'Hello from version 1', user: logged(visits) })
  })

  it('ends with 0, and leaves no process and no file behind', async () => {
    const gone = once(demo.child, 'exit')
    expect(await demo.next()).toEqual({ event: 'end', bad: 0 })
    expect(await gone).toEqual([0, null])
    expect([processesOf(dir), existsSync(dir)]).toEqual([[], false])
  })
})

/** A store for sessions in files of the host. */
const files = `
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
const kept = dirname(dirname(folder)) + '/shared/sessions'
class Files extends session.Store {
  get(id, done) {
    try { done(null, JSON.parse(readFileSync(kept + '/' + id, 'utf8'))) } catch { done(null, null) }
  }
  set(id, data, done) {
    mkdirSync(kept, { recursive: true })
    writeFileSync(kept + '/' + id, JSON.stringify(data))
    done(null)
  }
  destroy(id, done) {
    rmSync(kept + '/' + id, { force: true })
    done(null)
  }
}
`

describe.skipIf(!isComplete)('examples/express-redis-haproxy with sessions on the hosts', () => {
  let demo: Demo
  afterEach(async () => {
    if (demo?.child.exitCode === null && demo.child.kill()) await once(demo.child, 'exit')
  })

  it('is found out, in memory and in files, by a login on another host, with the advice that names Redis', async () => {
    demo = startDemo()
    const { dir } = await demo.event()
    expect(await demo.event()).toMatchObject({ event: 'first' })
    const server = join(dir, 'app/server.js')
    const text = readFileSync(server, 'utf8')
    const redis = "store: new RedisStore({ client: redis, prefix: 'shop:' }),"
    expect(text.split(redis)).toHaveLength(2)
    const audited = async (store: string, more = '') => {
      writeFileSync(server, text.replace(redis, store).replace('const redis =', `${more}\nconst redis =`))
      expect((await runIn(dir, 'deploy')).code).toBe(0)
      return runIn(dir, 'audit --json')
    }
    const inMemory = await audited('')
    expect(inMemory.code).toBe(7)
    const unknown = ['web-2', 'web-3'].map(name => ({ name, status: 200 }))
    expect(inMemory.json().login).toMatchObject({ host: 'web-1', result: 'unknown', known: ['web-1'], unknown })
    expect(inMemory.json().advice.session).toContain('Redis')
    const inFiles = await audited('store: new Files(),', files)
    expect(inFiles.code).toBe(7)
    expect(inFiles.json().login).toMatchObject({ host: 'web-1', result: 'unknown', known: ['web-1'], unknown })
    const kinds = inFiles.json().found.map(({ kind, path }: Json) => `${kind} ${path.replace(/[^/]*$/, '')}`)
    expect(kinds).toContain('session shared/sessions/')
    expect(inFiles.json().advice.session).toContain('Redis')
  })
})

describe.skipIf(!isComplete)('examples/express-redis-haproxy, stopped by Ctrl-C in mid-deploy', () => {
  let demo: Demo
  afterEach(async () => {
    if (demo?.child.exitCode === null && demo.child.kill()) await once(demo.child, 'exit')
  })

  it('leaves no process and no file behind', async () => {
    demo = startDemo()
    const { dir } = await demo.event()
    expect(processesOf(dir).length).toBeGreaterThan(4)
    const gone = once(demo.child, 'exit')
    demo.child.kill('SIGINT')
    expect(await gone).toEqual([130, null])
    expect([processesOf(dir), existsSync(dir)]).toEqual([[], false])
  })
})
