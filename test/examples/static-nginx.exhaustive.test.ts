import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startExample } from '../support/example.js'
import { installed, isHere } from '../support/installed.js'
import { freePort } from '../support/ports.js'
import type { Project } from '../support/project.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

describe.skipIf(!sshdIsHere() || !isHere('nginx'))('examples/static-nginx', () => {
  let fleet: TestFleet
  let project: Project
  const running: ChildProcess[] = []
  const ports: number[] = []

  beforeAll(async () => {
    installed('nginx')
    fleet = await startFleet({ hosts: 2 })
    for (let i = 1; i <= 3; i += 1) ports.push(await freePort())
    const health = `health: { ...config.health, url: 'http://127.0.0.1:$PORT/' }`
    project = await startExample('static-nginx', fleet, health, i => ({ env: { PORT: ports[i - 1] } }))
    await serve(project.root, 1, 2)
  })
  afterAll(async () => {
    for (const script of running) if (script.exitCode === null && script.kill()) await once(script, 'exit')
    project?.remove()
    await fleet?.stop()
  })

  /** The example's script, for hosts or for another place that shows host 1. */
  async function serve(folder: string, ...places: readonly number[]): Promise<void> {
    const args = places.flatMap(i => [project.on(i > 2 ? 1 : i), `${ports[i - 1]}`])
    const env = { PATH: process.env.PATH, TMPDIR: project.root }
    const script = spawn('sh', ['serve.sh', ...args], { cwd: folder, env, stdio: 'ignore' })
    running.push(script)
    await vi.waitFor(() => ask(places[0] ?? 0), { timeout: 300_000 })
  }
  const ask = (i: number, path = '/') => fetch(`http://127.0.0.1:${ports[i - 1]}${path}`)
  const shown = async (i: number) => /<h1>(.*)<\/h1>/.exec(await (await ask(i)).text())?.[1]
  const shownByAll = () => Promise.all([1, 2].map(shown))
  const write = (text: string) => project.write({ 'public/index.html': `<!doctype html>\n<h1>${text}</h1>\n` })

  it('is shown by nginx on every host as soon as it is swapped, without a restart', async () => {
    expect((await ask(1)).status).toBe(404)
    const { code } = await project.run('deploy')
    expect([code, await shownByAll()]).toEqual([0, Array(2).fill('Hello from version 1')])
    write('version 2')
    const ended = await project.run('deploy --json')
    expect([ended.code, await shownByAll()]).toEqual([0, Array(2).fill('version 2')])
    expect((await ask(2, '/nowhere')).headers.get('x-release')).toBe(ended.json().release)
  })

  it('must have open_file_cache off: with it, nginx goes on with the old release', async () => {
    const folder = join(project.root, 'cached')
    for (const name of ['serve.sh', 'nginx']) cpSync(join(project.root, name), join(folder, name), { recursive: true })
    const off = readFileSync(join(folder, 'nginx/site.conf'), 'utf8')
    const on = off.replace('open_file_cache off;', 'open_file_cache max=100; open_file_cache_valid 1h;')
    project.write({ 'cached/nginx/site.conf': on })
    await serve(folder, 3)
    expect(await shown(3)).toBe('version 2')
    write('version 3')
    expect((await project.run('deploy')).code).toBe(0)
    expect([await shown(1), await shown(3)]).toEqual(['version 3', 'version 2'])
  })

  it('leaves nothing behind when nginx is ended', async () => {
    const folders = () => readdirSync(project.root).filter(name => name.startsWith('tmp.'))
    expect(folders()).toHaveLength(2)
    for (const script of running) {
      script.kill('SIGINT')
      await once(script, 'exit')
    }
    expect(folders()).toEqual([])
    await expect(ask(1)).rejects.toThrow('fetch failed')
  })
})
