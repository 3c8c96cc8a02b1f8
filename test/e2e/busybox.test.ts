import { randomBytes } from 'node:crypto'
import { appendFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { busyboxAlone, canChangeRoot } from '../support/busybox-host.js'
import { type DropbearHost, startDropbear } from '../support/dropbear.js'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

const here = sshdIsHere() && canChangeRoot()
/** More than a pipe holds, and nothing that could be packed. */
const big = () => randomBytes(500_000).toString('hex')

describe.skipIf(!here)('a host that has busybox and nothing else', () => {
  const { project, current } = withBusybox([2])

  it('is deployed to beside one with GNU’s tools, and rolled back with it', async () => {
    project().write({ 'app/big': big() })
    const one = await project().deployed('one')
    project().write({ 'app/big': big() })
    const two = await project().deployed('two')
    expect(current()).toEqual([`releases/${two}`, `releases/${two}`])
    expect((await project().run('run --only h2 -- readlink /bin/tar')).stdout).toBe('h2 | busybox\n')
    expect((await project().run('rollback --yes')).code).toBe(0)
    expect(current()).toEqual([`releases/${one}`, `releases/${one}`])
  })
})

const all = [
  { what: 'beside one with GNU’s tools', alone: [2], transport: 'builtin' },
  { what: 'beside one with GNU’s tools', alone: [2], transport: 'openssh' },
  { what: 'both', alone: [1, 2], transport: 'builtin' },
  { what: 'both', alone: [1, 2], transport: 'openssh' },
] as const

describe.skipIf(!here).each(exhaustive(all))(
  'hosts with busybox alone, $what, over $transport',
  ({ alone, transport }) => {
    const { project, current, on, sshConfigFile } = withBusybox(alone)
    const configure = (config: object = {}) =>
      project().configure({ ssh: { configFile: sshConfigFile(), connectTimeout: '5s', transport }, ...made, ...config })

    it('are deployed to, put back together, rolled back, verified and repaired', async () => {
      configure({ shared: { dirs: ['uploads'] }, prepare: ['echo here >made'] })
      project().write({ 'app/big': big() })
      const one = await project().deployed('one')
      project().write({ 'app/big': big() })
      const two = await project().deployed('two')
      expect(current()).toEqual([`releases/${two}`, `releases/${two}`])

      configure({ health: { run: '[ "$CLONEDEPLOY_HOST" != h2 ] || ! grep -q three version', timeout: '1s' } })
      project().write({ 'app/version': 'three\n' })
      expect((await project().run('deploy')).code).toBe(5)
      expect(current()).toEqual([`releases/${two}`, `releases/${two}`])

      configure()
      expect((await project().run('rollback --yes')).code).toBe(0)
      expect(current()).toEqual([`releases/${one}`, `releases/${one}`])
      expect((await project().run('status --verify')).code).toBe(0)
      appendFileSync(on(2, 'current/version'), 'drift')
      expect((await project().run('status --verify')).code).not.toBe(0)
      rmSync(on(2, ''), { recursive: true })
      expect((await project().run('repair --yes')).code).toBe(0)
      expect(current()).toEqual([`releases/${one}`, `releases/${one}`])
      expect((await project().run('status --verify')).code).toBe(0)
    })
  },
)

const made = { shared: { dirs: ['uploads'] }, prepare: ['echo here >made'] }

/** Two hosts, those of these numbers with busybox alone. */
function withBusybox(alone: readonly number[]) {
  const fleet = onFleet({ hosts: 2, sshdConfig: i => (alone.includes(i) ? busyboxAlone() : []) })
  return {
    project: () => fleet.project,
    current: () => [1, 2].map(i => fleet.project.current(i)),
    sshConfigFile: () => fleet.fleet.sshConfigFile,
    on: (i: number, path: string) => fleet.project.on(i, path),
  }
}

describe.skipIf(!here).each(exhaustive(['builtin', 'openssh']))(
  'a host with dropbear and busybox, over %s',
  transport => {
    const fleet = onFleet({ hosts: 1 })
    let dropbear: DropbearHost
    beforeAll(async () => {
      dropbear = await startDropbear(join(fleet.fleet.dir, 'client.pub'))
    })
    afterAll(() => dropbear?.stop())

    it('is deployed to beside one with OpenSSH, put back and rolled back with it', async () => {
      const { project } = fleet
      const deployTo = join(dropbear.folder, 'app')
      const { sshConfigFile, identityFile } = fleet.fleet
      const hosts = [
        { name: 'h1', deployTo: project.on(1) },
        { name: 'small', deployTo, identityFile, ...dropbear.login },
      ]
      const configure = (config: object = {}) =>
        project.configure({ hosts, ssh: { configFile: sshConfigFile, connectTimeout: '5s', transport }, ...config })
      const current = () => [project.current(1), readlinkSync(join(deployTo, 'current'))]
      configure()
      project.write({ 'app/big': big() })
      const one = await project.deployed('one')
      project.write({ 'app/big': big() })
      const two = await project.deployed('two')
      expect(current()).toEqual([`releases/${two}`, `releases/${two}`])
      configure({ health: { run: '[ "$CLONEDEPLOY_HOST" != small ] || ! grep -q three version', timeout: '1s' } })
      project.write({ 'app/version': 'three\n' })
      expect((await project.run('deploy')).code).toBe(5)
      expect(current()).toEqual([`releases/${two}`, `releases/${two}`])
      configure()
      expect((await project.run('rollback --yes')).code).toBe(0)
      expect(current()).toEqual([`releases/${one}`, `releases/${one}`])
      expect((await project.run('status --verify')).code).toBe(0)
    })
  },
)
