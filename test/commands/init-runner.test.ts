import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { pinnedHosts } from '../../src/commands/init/init-hosts.js'
import { forRunner, unknownHosts } from '../../src/commands/init/init-runner.js'
import { completeConfig } from '../../src/config/load/load.js'
import { sshConfigReader } from '../../src/connection/ssh-config/ssh-config.js'
import { sshConfigLines } from '../../src/project/ssh-blocks.js'
import { workflowText } from '../../src/project/workflow.js'
import type { Look } from '../../src/render/reports/found-hosts.js'

const folder = mkdtempSync(join(tmpdir(), 'clonedeploy-runner-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = join(folder, 'ssh_config')
writeFileSync(
  file,
  `Host web-1
  HostName 10.0.0.11
  User deploy
  Port 2222
  IdentityFile ~/.ssh/work
  ProxyJump bastion
Host bastion
  HostName 203.0.113.7
  User jump
Host web-2
  HostName 10.0.0.12
  User deploy
Host gone
  HostName gone.invalid
`,
)

async function configured(...hosts: readonly string[]) {
  return completeConfig({ app: 'shop', deployTo: '/srv/shop', hosts }, { cwd: '/', file: '/deploy.config.json' })
}

const pin = `SHA256:${'a'.repeat(43)}`
const look = (name: string) => ({ name, login: { hostKey: { fingerprint: pin } } }) as unknown as Look

describe('hosts of a project with a workflow', () => {
  it('keep the names that the user’s ssh configuration knows, with the keys that were seen', async () => {
    const config = await configured('web-1', 'deploy@10.0.0.2:2222', 'web-2')
    expect(pinnedHosts(config, [look('web-1'), look('10.0.0.2:2222')])).toEqual([
      { name: 'web-1', hostKey: pin },
      { name: '10.0.0.2:2222', host: '10.0.0.2', port: 2222, user: 'deploy', hostKey: pin },
      'web-2',
    ])
  })

  it('are said explicitly to a runner, with the hosts on the way to them', async () => {
    const { blocks, unresolved } = await forRunner(
      await configured('web-1', 'web-2'),
      [],
      folder,
      sshConfigReader(file),
    )
    expect(unresolved).toEqual([])
    expect(sshConfigLines(blocks)).toEqual([
      'Host web-1',
      '  HostName 10.0.0.11',
      '  User deploy',
      '  Port 2222',
      '  ProxyJump bastion',
      'Host bastion',
      '  HostName 203.0.113.7',
      '  User jump',
      'Host web-2',
      '  HostName 10.0.0.12',
      '  User deploy',
    ])
    const there = join(folder, 'runner_config')
    const text = workflowText({ project: null, branch: 'main', folder: '', ssh: blocks })
    const step = /- name: Say where the hosts are\n +run: \|\n((?: {10}.*\n)+)/.exec(text)?.[1] ?? ''
    execFileSync('bash', ['-ec', step.replaceAll(/^ {10}/gm, '').replaceAll('~/.ssh/config', there)], {
      env: { ...process.env, HOME: folder },
    })
    const asked = execFileSync('ssh', ['-G', '-F', there, 'web-1'], { encoding: 'utf8' })
    for (const line of ['hostname 10.0.0.11', 'user deploy', 'port 2222', 'proxyjump bastion'])
      expect(asked.split('\n')).toContain(line)
  })

  it('are followed by the keys of jump hosts, for a pin is of a host of the inventory', async () => {
    const key = (text: string) => Buffer.concat([Buffer.from([0, 0, 0, 11]), Buffer.from(`ssh-ed25519${text}`)])
    const known = join(folder, 'known')
    const line = `203.0.113.7 ssh-ed25519 ${key('one').toString('base64')}`
    writeFileSync(known, `${line}\nother ssh-ed25519 ${key('two').toString('base64')}\n`)
    const config = join(folder, 'with_keys')
    writeFileSync(config, `UserKnownHostsFile ${known}\n${readFileSync(file, 'utf8')}`)
    const said = await forRunner(await configured('web-1'), [], '/elsewhere', sshConfigReader(config))
    expect([said.knownHosts, said.strangers]).toEqual([[line], []])
    const text = workflowText({ project: null, branch: 'main', folder: '', ...said })
    expect(text).toContain(`cat >>~/.ssh/known_hosts <<'END'\n          ${line}\n          END\n`)
  })

  it('are not said where nobody knows their address, and are named', async () => {
    const { blocks, unresolved } = await forRunner(await configured('gone', 'web-2'), [], folder, sshConfigReader(file))
    expect([blocks.map(({ alias }) => alias), unresolved]).toEqual([['web-2'], ['gone']])
  })

  it('are asked for again where nobody knows their address', async () => {
    const read = sshConfigReader(file)
    const names = ['gone', 'web-1', 'deploy@127.0.0.1:2222', 'ops@mistyped.invalid']
    expect(await unknownHosts(names, read)).toEqual(['gone', 'ops@mistyped.invalid'])
  })

  it.each([
    [join(folder, 'ssh_config'), null],
    ['/elsewhere/config', '/elsewhere/config'],
  ])('need no word where %s is in the repository', async (configFile, away) => {
    const config = await configured('web-1')
    expect(await forRunner({ ...config, ssh: { ...config.ssh, configFile } }, [], folder)).toEqual({
      blocks: [],
      knownHosts: [],
      strangers: away === null ? ['bastion'] : [],
      unresolved: [],
      away,
    })
  })
})
