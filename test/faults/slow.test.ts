import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { isRenewed, lockLease } from '../support/lease.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'
import { onHosts } from './hosts.js'
import { type Link, linkTo } from './link.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

const slow = 2

describe.skipIf(!sshdIsHere())('a host that takes long to prepare', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)

  it('is kept locked by a living lease all the while', async () => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    hosts.stopAt(slow, 1, 'tar -x*', 'pause')
    const running = scene.project.start('deploy')
    await vi.waitFor(() => expect(hosts.stopped(slow)).toBe(true), { timeout: 300_000, interval: 10 })
    await isRenewed(lockLease(scene.project.on(slow)))
    hosts.unstop()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    await scene.consistent()
  })
})

describe.skipIf(!sshdIsHere()).each(exhaustive(['1 Mbit']))('a host behind a link of %s', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const served = () => hosts.all.map(i => version(scene.project, i))
  let link: Link

  /** More than the buffers on the way take at once, and nothing that could be compressed. */
  beforeEach(async () => {
    link = await linkTo(hosts.fleet, slow, scene.project.root)
    scene.project.configure({ source: { dir: 'site' }, ssh: { configFile: link.sshConfigFile } })
    scene.project.write(app('old'))
    expect((await scene.project.run('deploy')).code).toBe(0)
    scene.project.write(app('new'))
    writeFileSync(join(scene.project.root, 'site/large'), randomBytes(20_000_000))
    link.pace(125_000)
  })
  afterEach(() => link.close())

  exhaustively(
    'is waited for: it is told how far it is, and the others stay locked until it has everything',
    async () => {
      const told = join(scene.project.root, 'told')
      const running = scene.project.start('deploy', { env: { CLONEDEPLOY_OUTPUT_FILE: told } })
      const pushed = (event: Json) => event.type === 'host.push' && event.step === 'push'
      const events = (): readonly Json[] => {
        const lines = textOf(told).split('\n').slice(0, -1)
        return lines.map(line => JSON.parse(line))
      }
      await vi.waitFor(
        () => {
          const all = events()
          expect(
            all
              .filter(pushed)
              .map(({ host }) => host)
              .sort(),
          ).toEqual(['h1', 'h3'])
          const far = all.filter(({ type, host }) => type === 'host.progress' && host === 'h2').map(({ done }) => done)
          expect(new Set(far).size).toBeGreaterThan(2)
        },
        { timeout: 300_000, interval: 100 },
      )
      await isRenewed(lockLease(scene.project.on(1)))
      expect(served()).toEqual(['old', 'old', 'old'])
      link.pace(Number.POSITIVE_INFINITY)
      const { code, stderr } = await running.ended
      expect(code, stderr).toBe(0)
      expect(events().findLast(pushed)).toMatchObject({ host: 'h2', ok: true })
      expect(served()).toEqual(['new', 'new', 'new'])
    },
  )

  exhaustively('is not taken for lost while it gets what was sent before we ask whether it is there', async () => {
    link.pace(40_000)
    const running = scene.project.start('deploy')
    const early = await Promise.race([running.ended, new Promise<null>(resolve => setTimeout(resolve, 40_000, null))])
    expect(early?.stderr).toBeUndefined()
    link.pace(Number.POSITIVE_INFINITY)
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    expect(served()).toEqual(['new', 'new', 'new'])
  })

  exhaustively(
    'is waited for as long as --timeout says, and no longer: 3, and nothing of the release stays',
    async () => {
      // The push takes minutes, and begins long before the budget is over, also on a machine that is busy.
      const { code, stderr } = await scene.project.run('deploy --timeout 60s')
      expect(code, stderr).toBe(3)
      expect(stderr).toContain('The time budget (--timeout 60s) is over during push.')
      expect(served()).toEqual(['old', 'old', 'old'])
      link.pace(Number.POSITIVE_INFINITY)
      expect(hosts.all.map(i => scene.project.releases(i).length)).toEqual([1, 1, 1])
      await scene.consistent()
    },
  )
})
