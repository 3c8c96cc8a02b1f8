import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startExample } from '../support/example.js'
import { installed, isHere } from '../support/installed.js'
import { freePort } from '../support/ports.js'
import { type Project, textOf } from '../support/project.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'

describe.skipIf(!sshdIsHere() || !isHere('pm2'))('examples/pm2', () => {
  let fleet: TestFleet
  let project: Project
  let url: string
  let home: string
  let env: Record<string, string>

  beforeAll(async () => {
    const path = `${dirname(installed('pm2'))}:${dirname(process.execPath)}:${process.env.PATH}`
    home = mkdtempSync(join(tmpdir(), 'pm2-'))
    const ofPm2 = () => [`PATH=${path}`, `PM2_HOME=${home}`, 'PM2_DISABLE_VERSION_CHECK=1']
    fleet = await startFleet({ hosts: 1, environment: ofPm2 })
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const health = `health: { ...config.health, url: '${url}/healthz' }`
    project = await startExample('pm2', fleet, health, () => ({ env: { APP_PORT: port } }))
    const ecosystem = 'ecosystem.config.cjs'
    cpSync(join(project.root, ecosystem), project.on(1, 'shared', ecosystem))
    env = Object.fromEntries(ofPm2().map(line => line.split(/=(.*)/s).slice(0, 2)))
  })
  afterAll(async () => {
    if (env) spawnSync('pm2', ['kill'], { env })
    project?.remove()
    await fleet?.stop()
    if (home) rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  })

  const asked = async () => {
    const answer = await fetch(url)
    return `${answer.status} ${answer.headers.get('x-release')}`
  }

  it('is served by pm2, and changed without a request that fails', async () => {
    const one = await project.run('deploy --json')
    expect([one.code, one.code === 0 ? '' : one.stderr]).toEqual([0, ''])
    project.write({ 'app/server.js': `${textOf(join(project.root, 'app/server.js'))}// version 2\n` })
    const deploy = project.run('deploy --json').then(ended => {
      over = true
      return ended
    })
    let over = false
    const answers = new Set<string>()
    while (!over) answers.add(await asked())
    const two = await deploy
    expect(two.code).toBe(0)
    expect(await asked()).toBe(`200 ${two.json().release}`)
    expect([...answers].sort()).toEqual([`200 ${one.json().release}`, `200 ${two.json().release}`].sort())
  })

  it('does not lose a process to a release that does not start: that is tried before the swap, exit 3', async () => {
    const before = await asked()
    project.write({ 'app/server.js': `throw new Error('no route')\n` })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain('Error: no route')
    expect(await asked()).toBe(before)
  })
})
