import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'
import { canMount } from './disk.js'

// The link is new and the app serves the old code all the same: only the app itself can tell.
describe.skipIf(!sshdIsHere())('an app that serves', () => {
  const both = [1, 2] as const
  const here = onFleet({ hosts: 2 })
  const undo: (() => void)[] = []
  afterEach(() => {
    for (const one of undo.splice(0).reverse()) one()
  })

  /** An app that answers with the release that is written in its folder; the folder may be another by now. */
  async function startApp(folder: () => string): Promise<number> {
    const server: Server = createServer((_, response) => response.end(readFileSync(join(folder(), 'id'))))
    undo.push(() => server.close())
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return typeof address === 'object' ? (address?.port ?? 0) : 0
  }

  it.each<readonly [string, (current: string) => string]>([
    ['the folder that `current` was when it started', current => realpathSync(current)],
    ...exhaustive(canMount() ? [['a bind mount of `current`', mounted] as const] : []),
  ])('%s is found out on one host, and all go back: 5', async (_, resolved) => {
    const { project } = here
    const prepare = 'echo "$CLONEDEPLOY_RELEASE" >id'
    project.configure({ prepare })
    const one = await project.deployed('one')
    let stale: string | null = resolved(project.on(1, 'current'))
    const ports = await Promise.all(both.map(i => startApp(() => (i === 1 && stale) || project.on(i, 'current'))))
    const health = { url: 'http://127.0.0.1:$PORT/', release: 'body', timeout: '2s' }
    project.configure({ prepare, health }, i => ({ env: { PORT: ports[i - 1] } }))
    project.write({ 'app/version': 'two\n' })
    const { code, stderr } = await project.run('deploy')
    expect(code, stderr).toBe(5)
    expect(stderr).toMatch(/✖ h1 /)
    expect(both.map(project.current)).toEqual(both.map(() => `releases/${one}`))
    stale = null
    await project.deployed('three')
  })

  function mounted(current: string): string {
    const folder = join(here.project.root, 'mounted')
    mkdirSync(folder)
    execFileSync('mount', ['--bind', current, folder])
    undo.push(() => execFileSync('umount', ['-l', folder]))
    return folder
  }
})
