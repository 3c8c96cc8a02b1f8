import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { both, onFleet } from '../support/on-fleet.js'

const here = onFleet({ hosts: both.length })

it('on a machine without ssh hosts are reached by what the configuration says of them, and that is said', async () => {
  const { project, fleet } = here
  const { identityFile, knownHosts } = fleet
  const { user = 'root' } = fleet.host(1)
  project.configure({ ssh: {} }, i => ({ host: '127.0.0.1', port: fleet.port(i), user, identityFile, knownHosts }))
  const { code, stderr } = await project.run('deploy', { env: { PATH: '/nowhere' } })
  expect(code, stderr).toBe(0)
  expect(stderr).toContain('this machine has no ssh, so no ssh configuration was read')
  expect(new Set(both.map(project.current)).size).toBe(1)
  const status = await project.run('status')
  expect([status.code, status.stderr]).toEqual([0, ''])
})

it('and where that says all of them, as of the hosts of the demo, there is nothing to say', async () => {
  const { project, fleet } = here
  const { identityFile } = fleet
  const hostKey = (i: number) =>
    execFileSync('ssh-keygen', ['-lf', fleet.hostKeyFile(i)], { encoding: 'utf8' }).split(' ')[1]
  const { user = 'root' } = fleet.host(1)
  const host = (i: number) => ({ host: '127.0.0.1', port: fleet.port(i), user, identityFile, hostKey: hostKey(i) })
  project.configure({ ssh: {} }, host)
  const { code, stderr } = await project.run('releases', { env: { PATH: '/nowhere' } })
  expect([code, stderr]).toEqual([0, ''])
})

it('and where an alias of that configuration is meant, the refusal says so', async () => {
  const { code, stderr } = await here.project.run('deploy', { env: { PATH: '/nowhere' } })
  expect(code).toBe(3)
  expect(stderr).toContain('this machine has no ssh, so no ssh configuration was read')
  expect(stderr).toMatch(/cannot be found: the name h\d has no address/)
})
