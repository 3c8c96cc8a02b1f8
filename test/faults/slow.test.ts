import { readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { sshdIsHere } from '../support/sshd.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { app } from './whole.js'

describe.skipIf(!sshdIsHere())('a host that takes long to prepare', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const slow = 2

  it('is kept locked by a living lease all the while', async () => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    hosts.stopAt(slow, 1, 'tar -x*', 'pause')
    const running = scene.project.start('deploy')
    await vi.waitFor(() => expect(hosts.stopped(slow)).toBe(true), { timeout: 20_000, interval: 10 })
    const lease = newestLease(scene.project.on(slow))
    utimesSync(lease, 1, 1)
    await vi.waitFor(() => expect(statSync(lease).mtimeMs).toBeGreaterThan(1000), { timeout: 30_000, interval: 50 })
    hosts.unstop()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    await scene.consistent()
  })
})

function newestLease(root: string): string {
  const epochs = join(root, '.clonedeploy/epochs')
  const newest = Math.max(...readdirSync(epochs).map(Number))
  return join(epochs, String(newest), 'lease')
}
