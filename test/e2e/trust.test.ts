import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'
import { exhaustive } from '../support/tier.js'

const ED25519 = 'on the server:  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub     must print the same'

describe.skipIf(!sshdIsHere())('trust', () => {
  const here = onFleet({ hosts: 2, hostKeys: ['ed25519', 'ecdsa'] })
  let file: string
  const known = () => readFileSync(file, 'utf8')
  const blob = (i: number, type = 'ed25519') => readFileSync(here.fleet.hostKeyFile(i, type), 'utf8').split(' ')[1]
  const line = (i: number) => `[127.0.0.1]:${here.fleet.port(i)} ssh-ed25519 ${blob(i)}\n`
  const fingerprint = (i: number, type = 'ed25519') =>
    execFileSync('ssh-keygen', ['-lf', here.fleet.hostKeyFile(i, type)], { encoding: 'utf8' }).split(' ')[1] as string
  const offered = (i: number, name = `h${i}`) =>
    `${name} [127.0.0.1]:${here.fleet.port(i)} offered  ED25519 ${fingerprint(i)}`
  /** An ssh configuration of the project's own, whose hosts are known nowhere yet. */
  const configure = (extra: string, host?: (i: number) => object) => {
    const { project, fleet } = here
    const config = join(project.root, 'ssh_config')
    writeFileSync(config, extra + readFileSync(fleet.sshConfigFile, 'utf8').replaceAll(fleet.knownHosts, file))
    project.configure({ ssh: { configFile: config } }, host)
  }
  /** What the sshd of h1 wrote while this went on. */
  const loggedDuring = async (work: () => Promise<unknown>) => {
    const before = here.fleet.log(1).length
    await work()
    return here.fleet.log(1).slice(before)
  }

  beforeEach(() => {
    file = join(here.project.root, 'new', 'known_hosts')
    configure('')
  })

  it('shows the key, asks, adds it to a private file, and nobody has to log in for that', async () => {
    const { project } = here
    const log = await loggedDuring(async () => {
      const { code, screen } = await onTerminal(project.root, 'trust h1', [['Is this the key of h1?', 'y']])
      expect(screen).toContain(offered(1))
      expect(screen).toContain(ED25519)
      expect(screen).toContain(`✔ h1 is trusted now: ED25519 ${fingerprint(1)}   ${file}:1\n`)
      expect(code).toBe(0)
    })
    expect(log).toContain('Connection from 127.0.0.1')
    expect(log).not.toMatch(/authenticating user|Accepted|Failed|publickey/)
    expect(known()).toBe(line(1))
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700)
    expect((await project.run('check --only h1')).code).toBe(0)
  })

  exhaustively('asks about several hosts, one after the other, and adds them when all are decided', async () => {
    const { project } = here
    const asked = (i: number, key: string) => [`Is this the key of h${i}?`, key] as const
    const no = await onTerminal(project.root, 'trust h1,h2', [asked(1, 'y'), asked(2, 'n')])
    expect([no.code, existsSync(file)]).toEqual([3, false])
    const { code, screen } = await onTerminal(project.root, 'trust h1 h2', [asked(1, 'y'), asked(2, 'y')])
    expect(code, screen).toBe(0)
    expect(known()).toBe(line(1) + line(2))
    expect((await project.run('trust h1,h2 --json')).json()).toMatchObject({
      command: 'trust',
      hosts: [{ host: 'h1', result: 'known' }, { host: 'h2' }],
    })
    expect(await project.run(`trust h1,h2 --fingerprint ${fingerprint(1)}`)).toMatchObject({ code: 2 })
  })

  it.each([
    ...exhaustive([
      ['trust h1', 'n'],
      ['trust h1', '\u0003'],
      ['trust h1', '\r'],
    ] as const),
    ['trust h1 --yes', '\r'],
  ] as const)('`%s` adds nothing when the answer is %j', async (words, typed) => {
    const { code, screen } = await onTerminal(here.project.root, words, [['Is this the key of h1?', typed]])
    expect(screen).toContain('✖ Stopped: you said no. Nothing was changed.')
    expect(code).toBe(3)
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    'trust h1',
    'trust h1 --yes',
    'trust h1 --json',
  ])('`%s` without a terminal adds nothing and says how to pin', async words => {
    const { code, stderr } = await here.project.run(words)
    expect(code).toBe(2)
    const why = words.endsWith('--yes') ? '--yes does not say which key is right' : 'nobody can be asked'
    expect(stderr).toBe(`✖ h1 is not trusted, and ${why}. Nothing was added.

  ${offered(1)}

  ${ED25519}
  in CI:          hosts: [{ host: 'h1', hostKey: '${fingerprint(1)}' }]
  or:             clonedeploy trust h1 --fingerprint SHA256:…     (the one that the server printed)
`)
    expect(existsSync(file)).toBe(false)
  })

  it.each([
    ['in CI', 'trust h1', { CI: 'true' }],
    ...exhaustive([['with --no-input', 'trust h1 --no-input', {}] as const]),
  ] as const)('does not ask %s, even on a terminal', async (_, words, env) => {
    const { code, screen } = await onTerminal(here.project.root, words, [], env)
    expect(screen).toContain('h1 is not trusted, and nobody can be asked.')
    expect(code).toBe(2)
  })

  it.each(['ed25519', 'ecdsa'])('adds the %s key without a question when its fingerprint is given', async type => {
    const { code, json } = await here.project.run(`trust h1 --json --fingerprint ${fingerprint(1, type)}=`)
    expect(code).toBe(0)
    expect(json()).toEqual({
      v: 1,
      command: 'trust',
      exitCode: 0,
      stage: 'production',
      result: 'added',
      host: 'h1',
      address: '127.0.0.1',
      port: here.fleet.port(1),
      hostKey: { type: expect.stringContaining(type), fingerprint: fingerprint(1, type) },
      where: `${file}:1`,
    })
    expect(known()).toContain(blob(1, type))
  })

  it('refuses with 3 when the host has no key of that fingerprint', async () => {
    const { code, stderr } = await here.project.run(`trust h1 --yes --fingerprint ${fingerprint(2)}`)
    expect(code).toBe(3)
    expect(stderr).toContain(`✖ h1 has no host key of that fingerprint. Nothing was added.

  ${offered(1)}
  wanted   ${fingerprint(2)}
`)
    expect(existsSync(file)).toBe(false)
  })

  it('refuses what is no fingerprint, and no host, with 2', async () => {
    expect(await here.project.run('trust h1 --fingerprint MD5:aa')).toMatchObject({ code: 2 })
    expect(await here.project.run('trust -- -oProxyCommand=x')).toMatchObject({ code: 2 })
    expect(await here.project.run('trust')).toMatchObject({ code: 2 })
  })

  exhaustively('begins a line of its own in a file that ends without one, and leaves the rest alone', async () => {
    execFileSync('mkdir', ['-p', join(file, '..')])
    writeFileSync(file, '# mine\nother ssh-ed25519 AAAA', { mode: 0o644 })
    await here.project.run(`trust h1 --fingerprint ${fingerprint(1)}`)
    expect(known()).toBe(`# mine\nother ssh-ed25519 AAAA\n${line(1)}`)
    expect(statSync(file).mode & 0o777).toBe(0o644)
  })

  it('says that a key is trusted already, with its place, and adds nothing', async () => {
    const { project } = here
    await project.run(`trust h1 --fingerprint ${fingerprint(1)}`)
    const { code, stdout } = await project.run('trust h1')
    expect([code, stdout]).toEqual([0, `✔ h1 is trusted already: ED25519 ${fingerprint(1)}   ${file}:1\n`])
    expect(known()).toBe(line(1))
  })

  it('says so of a pinned key, too', async () => {
    configure('', () => ({ hostKey: fingerprint(1, 'ecdsa') }))
    const { code, stdout } = await here.project.run('trust h1')
    const words = `✔ h1 is trusted already: ECDSA ${fingerprint(1, 'ecdsa')}   hostKey in the configuration\n`
    expect([code, stdout]).toEqual([0, words])
  })

  it.each([
    ['changed', '', 'HOST KEY CHANGED: h1 is not the host that we know'],
    ['revoked', '@revoked ', 'HOST KEY REVOKED: h1 uses a key that must not be used any more'],
  ])('refuses a %s key with 3, even when its fingerprint is given', async (_, marker, sentence) => {
    const key = marker === '' ? blob(2) : blob(1)
    execFileSync('mkdir', ['-p', join(file, '..')])
    writeFileSync(file, `${marker}[127.0.0.1]:${here.fleet.port(1)} ssh-ed25519 ${key}\n`)
    const before = known()
    const { code, stderr } = await here.project.run(`trust h1 --fingerprint ${fingerprint(1)}`)
    expect(code).toBe(3)
    expect(stderr).toContain(`✖ ${sentence}`)
    expect(stderr).toContain(`${file}:1`)
    expect(stderr.includes(`ssh-keygen -R '[127.0.0.1]:${here.fleet.port(1)}' -f ${file}`)).toBe(marker === '')
    expect(known()).toBe(before)
  })

  it.each([
    ['HashKnownHosts yes', (i: number) => `[127.0.0.1]:${here.fleet.port(i)}`],
    ['HostKeyAlias shop-one', () => 'shop-one'],
  ])('follows %s', async (option, name) => {
    configure(`Host h1\n  ${option}\n`)
    const { code } = await here.project.run(`trust h1 --fingerprint ${fingerprint(1)}`)
    expect(code).toBe(0)
    expect(known().startsWith('|1|')).toBe(option.startsWith('Hash'))
    const found = execFileSync('ssh-keygen', ['-F', name(1), '-f', file], { encoding: 'utf8' })
    expect(found).toContain(blob(1))
    const login = execFileSync('ssh', ['-F', join(here.project.root, 'ssh_config'), 'h1', 'echo in'])
    expect(login.toString()).toBe('in\n')
  })

  exhaustively('finds a host behind a jump host, which must be trusted itself', async () => {
    const { project, fleet } = here
    configure('Host inner\n  HostName 127.0.0.1\n  ProxyJump h2\n', i => (i === 1 ? { jump: 'h2' } : {}))
    const refused = await project.run(`trust h1 --fingerprint ${fingerprint(1)}`)
    expect(refused.code).toBe(3)
    expect(refused.stderr).toContain('✖ h2 is not trusted: its host key is in no known_hosts file')
    expect(refused.stderr).toContain('then:           clonedeploy trust h2\n')
    await project.run(`trust h2 --fingerprint ${fingerprint(2)}`)
    const log = await loggedDuring(async () => {
      expect(await project.run(`trust h1 --fingerprint ${fingerprint(1)}`)).toMatchObject({ code: 0 })
    })
    expect(log).not.toMatch(/authenticating user|Accepted/)
    expect(known()).toBe(line(2) + line(1))
    expect(fleet.log(2)).toContain('Accepted publickey')
  })

  exhaustively('takes a host that is in no inventory, also where there is no configuration', async () => {
    const { project, fleet } = here
    const name = `someone@127.0.0.1:${fleet.port(1)}`
    const { code, stderr } = await project.run(`trust ${name}`)
    expect([code, stderr.split('\n')[2]]).toEqual([2, `  ${offered(1, name)}`])
    execFileSync('rm', [join(project.root, 'deploy.config.json')])
    expect((await project.run(`trust ${name}`)).stderr).toBe(stderr)
  })

  it('stops at once when it is interrupted', async () => {
    const { project, fleet } = here
    fleet.freeze(1)
    const { code, stderr } = await project.run('trust h1 --timeout 1s')
    fleet.thaw(1)
    expect([code, stderr]).toEqual([3, '✖ Stopped: the time budget (--timeout 1s) is over. Nothing was changed.\n'])
    expect(existsSync(file)).toBe(false)
  })

  it('is what a deploy advises', async () => {
    const { code, stderr } = await here.project.run('deploy')
    expect(code).toBe(3)
    expect(stderr).toContain('then:           clonedeploy trust h1,h2\n')
  })
})
