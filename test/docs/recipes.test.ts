import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load/load.js'
import { sudoersLine } from '../../src/fleet/read/service-problems.js'
import { type Project, startProject } from '../support/project.js'
import { sshdIsHere, startFleet, type TestFleet } from '../support/sshd.js'
import { load } from './config.js'
import { blocks, document } from './markdown.js'

const recipe = (name: string) => document(`docs/recipes/${name}.md`)
const configOf = (name: string) => load(blocks(recipe(name), 'ts')[0] ?? '')

/** The configuration of an example, which test/examples deploys. */
function example(path: string) {
  const folder = join(import.meta.dirname, '../../examples', path)
  return loadConfig({ cwd: folder, file: join(folder, 'deploy.config.ts') })
}

it.each([
  ['pm2', 'pm2', ['app', 'hosts', 'deployTo', 'prepare', 'restart', 'health']],
  ['static-site', 'static-nginx', ['app', 'hosts', 'deployTo', 'restart', 'health']],
  ['monorepo', 'monorepo/apps/web', ['app', 'hosts', 'deployTo', 'include', 'restart', 'health']],
  ['node-systemd', 'systemd', ['app', 'hosts', 'deployTo', 'restart', 'health']],
] as const)('%s.md has what a test deploys as examples/%s', async (name, path, keys) => {
  const picked = (config: object) => keys.map(key => [key, config[key as keyof typeof config]])
  expect(picked(await configOf(name))).toEqual(picked(await example(path)))
})

it('pm2.md has the ecosystem file of the example', () => {
  const read = (text: string) => Function('module', 'require', '__dirname', `${text}; return module.exports`)
  const written = (text: string) => read(text)({}, createRequire(import.meta.url), '/srv/shop/shared').apps[0]
  const { name, script, cwd, exec_mode } = written(blocks(recipe('pm2'), 'js')[0] ?? '')
  expect(written(document('examples/pm2/ecosystem.config.cjs'))).toMatchObject({ name, script, cwd, exec_mode })
})

it('node-systemd.md has the line of sudoers that its restart needs', async () => {
  const { restart } = await configOf('node-systemd')
  const line = sudoersLine('deploy', '/usr/bin/systemctl', restart[0]?.service as Parameters<typeof sudoersLine>[2])
  expect(recipe('node-systemd').split('\n')).toContain(line)
})

it('bastion.md says the same in both ways', async () => {
  const { folder, hosts } = await configOf('bastion')
  const file = join(folder.slice(0, folder.lastIndexOf('/')), `clonedeploy-bastion-${process.pid}`)
  writeFileSync(file, blocks(recipe('bastion'), '')[0] ?? '')
  for (const { name, user, jump } of hosts) {
    const said = execFileSync('ssh', ['-G', '-F', file, name], { encoding: 'utf8' })
    expect(said).toContain(`\nproxyjump ${jump}\n`)
    expect(said).toContain(`user ${user}\n`)
  }
})

describe.skipIf(!sshdIsHere())('aws-ssm.md, with a program in place of aws', () => {
  let fleet: TestFleet
  let project: Project

  beforeAll(async () => {
    fleet = await startFleet({ hosts: 2 })
    project = await startProject(fleet)
  })
  afterAll(async () => {
    project?.remove()
    await fleet?.stop()
  })

  it('reaches both hosts', async () => {
    const { hosts } = await configOf('aws-ssm')
    const pinned = hosts.map(({ name, host }, n) => {
      const hostKey = execFileSync('ssh-keygen', ['-lf', fleet.hostKeyFile(n + 1)], { encoding: 'utf8' }).split(' ')[1]
      return { name, host, hostKey, deployTo: project.on(n + 1) }
    })
    const ports = Object.fromEntries(hosts.map(({ host }, n) => [host, fleet.port(n + 1)]))
    project.write({ 'bin/aws': { mode: 0o755, text: inPlaceOfAws(ports) } })
    const login = `Host *\n  User ${userInfo().username}\n  IdentityFile ${fleet.identityFile}\n`
    project.write({ 'ssm.conf': login + (blocks(recipe('aws-ssm'), '')[0] ?? '') })
    project.configure({ hosts: pinned, ssh: { configFile: 'ssm.conf' } })
    const { code, stdout, stderr } = await project.run('check', {
      env: { PATH: `${project.root}/bin:${process.env.PATH}` },
    })
    expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, ''])
    expect(readFileSync(join(project.root, 'asked'), 'utf8').trim().split('\n').sort()).toEqual(
      hosts
        .map(
          ({ host }) =>
            `ssm start-session --target ${host} --document-name AWS-StartSSHSession --parameters portNumber=22`,
        )
        .sort(),
    )
  })

  /** Passes standard input and output on to the sshd that stands for an instance, as the session manager does. */
  function inPlaceOfAws(ports: Readonly<Record<string, number>>): string {
    return `#!${process.execPath}
require('node:fs').appendFileSync('${project.root}/asked', process.argv.slice(2).join(' ') + '\\n')
const port = ${JSON.stringify(ports)}[process.argv[process.argv.indexOf('--target') + 1]]
const socket = require('node:net').connect(port, '127.0.0.1')
process.stdin.pipe(socket).pipe(process.stdout)
`
  }
})
