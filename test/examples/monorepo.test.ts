import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { reconfigure, startExample } from '../support/example.js'
import { freePort } from '../support/ports.js'
import type { Project } from '../support/project.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

// Each test begins where the one before it ended.
describe.skipIf(!sshdIsHere())('examples/monorepo', { shuffle: false }, () => {
  let fleet: TestFleet
  let project: Project
  const running: ChildProcess[] = []
  const host = { web: 1, api: 2 } as const
  type App = keyof typeof host

  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2 })
    project = await startExample('monorepo', fleet)
    for (const app of ['web', 'api'] as const) {
      const own = { name: `h${host[app]}`, deployTo: project.on(host[app], app) }
      const changes = `hosts: [${JSON.stringify(own)}], restart: [], health: []`
      reconfigure(project, fleet, join(project.root, 'apps', app, 'deploy.config.ts'), changes)
    }
    project.git('init', '-q')
    commit()
  })
  afterAll(async () => {
    for (const server of running) if (server.kill()) await once(server, 'exit')
    project?.remove()
    await fleet?.stop()
  })

  function commit(files: Readonly<Record<string, string>> = {}): void {
    project.write(files)
    project.git('add', '-A')
    project.git('commit', '-qm', 'change')
  }

  const deploy = (app: App) => project.run(`deploy --json -c apps/${app}/deploy.config.ts`)
  const results = () => Promise.all((['web', 'api'] as const).map(async app => (await deploy(app)).json().result))

  async function answers(app: App): Promise<string> {
    const port = await freePort()
    const env = { ...process.env, PORT: String(port) }
    const server = spawn(process.execPath, ['current/dist/server.js'], { cwd: project.on(host[app], app), env })
    running.push(server)
    return vi.waitFor(async () => (await fetch(`http://127.0.0.1:${port}/`)).text(), { timeout: 300_000 })
  }

  it('brings each app to its own hosts, with what it takes from the packages', async () => {
    expect(await results()).toEqual(['deployed', 'deployed'])
    expect(await answers('web')).toBe('<h1>Hello from version 1</h1>\n')
    expect(await answers('api')).toBe('{"greeting":"Hello from version 1"}')
  })

  it('has nothing to do for an app that a commit did not change', async () => {
    commit({ 'apps/api/package.json': '{ "name": "api", "private": true, "type": "module", "version": "2.0.0" }\n' })
    expect(await results()).toEqual(['unchanged', 'deployed'])
  })

  it('brings a change of a package to both', async () => {
    commit({ 'packages/greeting/greeting.js': `export const greeting = 'Hello from version 2'\n` })
    expect(await results()).toEqual(['deployed', 'deployed'])
    expect(await answers('web')).toBe('<h1>Hello from version 2</h1>\n')
  })
})
