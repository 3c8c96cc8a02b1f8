import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { sshConfigReader } from '../../src/connection/ssh-config/ssh-config.js'
import { sshDump } from '../../src/connection/ssh-config/ssh-dump.js'

const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-config-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))
const configFile = join(dir, 'ssh_config')
const included = join(dir, 'more')
const home = userInfo().homedir
writeFileSync(included, 'Host inner\n  HostName inner.example.com\n  AddressFamily inet6\n')
writeFileSync(
  configFile,
  `Include ${included}
Host web-*
  HostName %h.example.com
  Port 2200
  User deploy
  IdentityFile ~/.ssh/keys/%r@%h
  IdentityFile "${dir}/a b"
  IdentitiesOnly yes
  IdentityAgent none
  ProxyJump ops@bastion:2222,second
  UserKnownHostsFile ${dir}/kh1 ~/kh-%n
  GlobalKnownHostsFile /dev/null
  HostKeyAlias the-alias
Host command
  ProxyCommand nc -x proxy:1080 %h %p
Host agent
  IdentityAgent ~/agent.sock
`,
)
const read = sshConfigReader(configFile)

describe('what is not said in the inventory comes from the ssh configuration', () => {
  it('with tokens, ~ and spaces', async () => {
    const { beyond, ...target } = await read({ name: 'one', host: 'web-1' })
    expect(beyond).toMatchObject({ certificateFiles: [], pkcs11: false, fdpass: false, knownHostsCommand: false })
    expect(target).toEqual({
      name: 'one',
      alias: 'web-1',
      hostname: 'web-1.example.com',
      port: 2200,
      user: 'deploy',
      family: null,
      identityFiles: [`${home}/.ssh/keys/deploy@web-1.example.com`, `${dir}/a b`],
      identitiesOnly: true,
      agent: null,
      jump: ['ops@bastion:2222', 'second'],
      proxyCommand: null,
      hostKeyAlias: 'the-alias',
      knownHosts: [`${dir}/kh1`, `${home}/kh-web-1`],
      newKnownHost: { file: `${dir}/kh1`, hashed: false },
      pin: null,
      configFile,
    })
  })

  it('but what the inventory says wins', async () => {
    const wanted = {
      ...{ name: 'one', host: 'web-1', user: 'me', port: 22, identityFile: '/keys/one', knownHosts: '/known' },
      ...{ hostKey: 'SHA256:abc', jump: 'none' },
    }
    expect(await read(wanted)).toMatchObject({
      user: 'me',
      port: 22,
      identityFiles: ['/keys/one'],
      identitiesOnly: true,
      knownHosts: ['/known'],
      pin: 'SHA256:abc',
      jump: [],
    })
  })

  it('also from included files', async () => {
    expect(await read({ name: 'i', host: 'inner' })).toMatchObject({
      hostname: 'inner.example.com',
      family: 6,
      port: 22,
    })
  })

  it('with the tokens of a ProxyCommand, unless a jump host is given', async () => {
    const command = { name: 'c', host: 'command' }
    expect(await read(command)).toMatchObject({ proxyCommand: 'nc -x proxy:1080 command 22', jump: [] })
    expect(await read({ ...command, jump: 'bastion' })).toMatchObject({ proxyCommand: null, jump: ['bastion'] })
  })

  it('with the socket of an agent', async () => {
    expect((await read({ name: 'a', host: 'agent' })).agent).toBe(`${home}/agent.sock`)
  })

  it('and a host name is never taken for a flag', async () => {
    await expect(read({ name: 'x', host: '-oProxyCommand=touch /tmp/never' })).rejects.toMatchObject({ kind: 'config' })
  })

  it('of many hosts at once as of each alone, also beside one that cannot be read', async () => {
    const hosts = Array.from({ length: 30 }, (_, n) => ({ name: `w${n}`, host: `web-${n}` }))
    const many = sshConfigReader(configFile)
    const wrong = many({ name: 'x', host: '-oProxyCommand=touch /tmp/never' })
    const together = await Promise.all([expect(wrong).rejects.toMatchObject({ kind: 'config' }), ...hosts.map(many)])
    const alone = []
    for (const host of hosts) alone.push(await sshConfigReader(configFile)(host))
    expect(together.slice(1)).toEqual(alone)
    expect(alone[7]).toMatchObject({ name: 'w7', alias: 'web-7', hostname: 'web-7.example.com' })
  })

  it('and a broken configuration is told with its line', async () => {
    const broken = join(dir, 'broken')
    writeFileSync(broken, 'Bogus yes\n')
    await expect(sshConfigReader(broken)({ name: 'web-1', host: 'web-1' })).rejects.toMatchObject({
      kind: 'config',
      message: 'the ssh configuration for web-1 cannot be read',
      details: [
        `${broken}: line 1: Bad configuration option: bogus`,
        `${broken}: terminating, 1 bad configuration options`,
      ],
      next: [`ssh -G -F ${broken} -- web-1`],
    })
  })
})

describe('what ssh prints for many hosts', () => {
  it('comes for those before one that hangs, and the hanging ones are ended', async () => {
    const pids = join(dir, 'pids')
    const hanging = join(dir, 'hanging')
    writeFileSync(hanging, `Match originalhost slow exec "echo $$ >>${pids}; exec sleep 60"\n  Port 23\n`)
    const dump = sshDump(1000)
    const ask = (host: string) => dump(['-G', '-F', hanging, '--', host])
    const hosts = Array.from({ length: 2 * availableParallelism() }, (_, n) => `quick-${n}`)
    const [slow, ...quick] = await Promise.all(['slow', ...hosts].map(ask))
    expect(slow).toBeNull()
    expect(quick.filter(text => text?.startsWith('host quick-')).length).toBeGreaterThan(0)
    const pid = Number(readFileSync(pids, 'utf8'))
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), 300_000)
  })
})
