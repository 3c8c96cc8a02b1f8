import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { inodes } from '../support/files.js'
import { onFleet } from '../support/on-fleet.js'
import type { Json } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

/** h1 and h2 are as they should be; each of the others is broken in its own way, and is deployed to between them. */
const broken = {
  plain: ['LogLevel DEBUG1'],
  'no key': ['AuthorizedKeysFile none'],
  'two factors': ['AuthenticationMethods publickey,password', 'PasswordAuthentication yes'],
  forced: ['ForceCommand echo This account is for backups only.'],
  sftp: ['ForceCommand internal-sftp'],
  nologin: ['ForceCommand /usr/sbin/nologin'],
  'no session': ['MaxSessions 0'],
  'hangs up': ['ForceCommand kill -9 $PPID'],
  'old kex': ['KexAlgorithms diffie-hellman-group14-sha1'],
  cbc: ['Ciphers aes128-cbc'],
  sha1: ['Ciphers aes128-ctr', 'MACs hmac-sha1'],
  'slow shell': ['ForceCommand echo Starting; sleep 30'],
  'leaving shell': ['ForceCommand env -u SHLVL HOME=RC bash -c "$SSH_ORIGINAL_COMMAND"'],
  'one session': ['MaxSessions 1'],
  'no forwarding': ['AllowTcpForwarding no'],
} as const
type Kind = keyof typeof broken
const kinds = Object.keys(broken) as Kind[]
const numberOf = (kind: Kind) => kinds.indexOf(kind) + 3

const test = 'ssh -v -F DIR/ssh_config -p PORT USER@NAME     must log in without a question'
const without = 'go on without: clonedeploy deploy --exclude NAME --reason WHY'
const scripts =
  'clonedeploy needs a login with a shell: no forced command (ForceCommand, command="…"), no sftp-only account, no nologin, no exit in a start-up file'
const kexes =
  'curve25519-sha256 curve25519-sha256@libssh.org ecdh-sha2-nistp256 ecdh-sha2-nistp384 ecdh-sha2-nistp521 ' +
  'diffie-hellman-group-exchange-sha256 diffie-hellman-group16-sha512 diffie-hellman-group18-sha512 diffie-hellman-group14-sha256'
const ciphers =
  'aes128-gcm@openssh.com aes256-gcm@openssh.com aes128-ctr aes192-ctr aes256-ctr chacha20-poly1305@openssh.com'
const macs = 'hmac-sha2-256-etm@openssh.com hmac-sha2-512-etm@openssh.com hmac-sha2-256 hmac-sha2-512'

describe.skipIf(!sshdIsHere())('a deploy to three hosts, one of which', () => {
  const rc = mkdtempSync(join(tmpdir(), 'clonedeploy-rc-'))
  const configOf = (i: number) => (broken[kinds[i - 3] as Kind] ?? []).map(line => line.replace('RC', rc))
  const here = onFleet({ hosts: kinds.length + 2, sshdConfig: configOf })
  let silent: Server

  beforeAll(async () => {
    writeFileSync(join(rc, '.bashrc'), 'echo Not today.\nexit 3\n')
    silent = createServer(() => {})
    await new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => {
    silent.close()
    rmSync(rc, { recursive: true })
  })
  afterEach(() => here.fleet.thaw(numberOf('plain')))

  const key = (i: number) => readFileSync(here.fleet.hostKeyFile(i), 'utf8').split(' ').slice(0, 2).join(' ')
  const place = (i: number) => `[127.0.0.1]:${here.fleet.port(i)}`
  const fingerprint = (i: number) =>
    execFileSync('ssh-keygen', ['-lf', here.fleet.hostKeyFile(i)], { encoding: 'utf8' }).split(' ')[1] as string
  /** A known_hosts file in the project. */
  const known = (...lines: readonly string[]) => {
    writeFileSync(join(here.project.root, 'known_hosts'), lines.map(line => `${line}\n`).join(''))
    return { knownHosts: join(here.project.root, 'known_hosts') }
  }

  /** Deploys to h1, the broken one and h2; nothing may be left on any host. Gives the refusal, without what differs. */
  async function refusal(kind: Kind, entry: object, config: object = {}): Promise<string> {
    const { project, fleet } = here
    const i = numberOf(kind)
    const hosts = [1, i, 2].map(n => ({ name: `h${n}`, deployTo: project.on(n), ...(n === i ? entry : {}) }))
    project.configure({ hosts, ssh: { configFile: fleet.sshConfigFile, connectTimeout: '4s' }, ...config })
    const before = [1, i, 2].map(n => listing(n))
    const { code, stdout, stderr } = await project.run('deploy')
    expect([code, stdout]).toEqual([3, ''])
    expect([1, i, 2].map(n => listing(n))).toEqual(before)
    return masked(stderr.slice(stderr.indexOf('\n✖ ') + 1), i)
  }

  function listing(i: number): Record<string, string> {
    const { './sshd.log': _, ...rest } = inodes(here.fleet.folder(i))
    return rest
  }

  function masked(text: string, i: number): string {
    const { fleet, project } = here
    return (
      text
        .replaceAll(fleet.dir, 'DIR')
        .replaceAll(project.root, 'PROJECT')
        .replaceAll(String(fleet.port(i)), 'PORT')
        .replaceAll(String((silent.address() as { port: number }).port), 'PORT')
        .replaceAll(fingerprint(i), 'SHA256:KEY')
        .replaceAll(fingerprint(1), 'SHA256:OTHER')
        .replaceAll(`${userInfo().username}@`, 'USER@')
        .replaceAll(new RegExp(`\\bh${i}\\b`, 'g'), 'NAME')
        .replace(/\((ENOTFOUND|EAI_AGAIN)\)/, '(CODE)')
        .replace(/^ {2}(read ECONNRESET|it closed the connection)$/m, '  WHY')
        // Of its four seconds, a busy machine needs some to connect.
        .replace(/said nothing for 3\.[5-9] s/, 'said nothing for 4 s')
    )
  }

  it.each<[string, Kind, object, string]>([
    [
      'listens nowhere',
      'plain',
      { port: 1 },
      `✖ NAME refused the connection: nothing listens on 127.0.0.1:1. Nothing was changed.

  is sshd running there, and on this port?
  ssh -v -F DIR/ssh_config -p 1 USER@NAME
  ${without}
`,
    ],
    [
      'is behind no route',
      'plain',
      { host: '255.255.255.255', port: 22 },
      `✖ NAME cannot be reached: there is no way to 255.255.255.255:22 (ENETUNREACH). Nothing was changed.

  ip route get 255.255.255.255
  ssh -v -F DIR/ssh_config USER@255.255.255.255
  ${without}
`,
    ],
    [
      'has no address',
      'plain',
      { host: 'no-such-host.invalid' },
      `✖ NAME cannot be found: the name no-such-host.invalid has no address (CODE). Nothing was changed.

  getent hosts no-such-host.invalid
  ssh -v -F DIR/ssh_config USER@no-such-host.invalid
  ${without}
`,
    ],
    [
      'does not know the key',
      'no key',
      {},
      `✖ NAME refused the key. Nothing was changed.

  login  USER@NAME (127.0.0.1:PORT)
  tried  DIR/client
  the host takes  publickey

  ${test}
`,
    ],
    [
      'wants a second factor',
      'two factors',
      {},
      `✖ NAME took the key and asks for a second factor, which a deployment cannot give. Nothing was changed.

  login  USER@NAME (127.0.0.1:PORT)
  tried  DIR/client
  the host takes  password

  ${test}
`,
    ],
    [
      'has a forced command',
      'forced',
      {},
      `✖ NAME let us in but runs no scripts: its own words came instead of the answer. Nothing was changed.

  it printed  This account is for backups only.

  ${scripts}
  ssh -F DIR/ssh_config -p PORT USER@NAME echo ok     must print ok
`,
    ],
    [
      'is for sftp only',
      'sftp',
      {},
      `✖ NAME let us in but runs no scripts: its own words came instead of the answer. Nothing was changed.

  it printed  This service allows sftp connections only.

  ${scripts}
  ssh -F DIR/ssh_config -p PORT USER@NAME echo ok     must print ok
`,
    ],
    [
      'has an account without a shell',
      'nologin',
      {},
      `✖ NAME let us in but runs no scripts: its own words came instead of the answer. Nothing was changed.

  it printed  This account is currently not available.

  ${scripts}
  ssh -F DIR/ssh_config -p PORT USER@NAME echo ok     must print ok
`,
    ],
    [
      'allows no session',
      'no session',
      {},
      `✖ NAME accepted the login and then refused to run a command. Nothing was changed.

  (SSH) Channel open failure: open failed

  allow sessions in its sshd_config: MaxSessions 10 is the default
`,
    ],
    [
      'hangs up after the login',
      'hangs up',
      {},
      `✖ NAME let us in and then closed the connection. Nothing was changed.

  WHY

  does something between here and there end connections, or does its sshd?
  ssh -F DIR/ssh_config -p PORT USER@NAME true     must come back without a word
  ${without}
`,
    ],
    [
      'ends its shell in a start-up file',
      'leaving shell',
      {},
      `✖ NAME let us in but runs no scripts: its own words came instead of the answer. Nothing was changed.

  it printed  Not today.

  ${scripts}
  ssh -F DIR/ssh_config -p PORT USER@NAME echo ok     must print ok
`,
    ],
    [
      'hangs in a start-up file',
      'slow shell',
      {},
      `✖ NAME: the login shell start-up took longer than 4 s. Nothing was changed.

  it printed  Starting
  a start-up file of the login shell (.bashrc, .profile, config.fish …) waits for something

  ssh -F DIR/ssh_config -p PORT USER@NAME true     must come back at once
`,
    ],
    [
      'exchanges keys by SHA-1 only',
      'old kex',
      {},
      `✖ NAME and clonedeploy cannot agree on how to talk: no matching key exchange algorithm. Nothing was changed.

  NAME          takes  diffie-hellman-group14-sha1
  clonedeploy  takes  ${kexes}

  ssh -vv -F DIR/ssh_config -p PORT USER@NAME
`,
    ],
    [
      'has only ciphers by CBC',
      'cbc',
      {},
      `✖ NAME and clonedeploy cannot agree on how to talk: no matching cipher. Nothing was changed.

  NAME          takes  aes128-cbc
  clonedeploy  takes  ${ciphers}

  ssh -vv -F DIR/ssh_config -p PORT USER@NAME
`,
    ],
    [
      'signs packets by SHA-1 only',
      'sha1',
      {},
      `✖ NAME and clonedeploy cannot agree on how to talk: no matching MAC. Nothing was changed.

  NAME          takes  hmac-sha1
  clonedeploy  takes  ${macs}

  ssh -vv -F DIR/ssh_config -p PORT USER@NAME
`,
    ],
  ])('%s', async (_, kind, entry, expected) => {
    expect((await refusal(kind, entry)).replace(/^ {2}NAME +takes/m, '  NAME          takes')).toBe(expected)
  })

  it('takes the connection and says nothing', async () => {
    const { port } = silent.address() as { port: number }
    expect(
      await refusal('plain', { port }),
    ).toBe(`✖ NAME took the connection to 127.0.0.1:PORT and then said nothing for 4 s. Nothing was changed.

  is the host overloaded, or its sshd stopped?
  if it is only slow: ssh: { connectTimeout: '60s' } in the configuration
  ssh -v -F DIR/ssh_config -p PORT USER@NAME
  ${without}
`)
  })

  it('is frozen', async () => {
    here.fleet.freeze(numberOf('plain'))
    expect(await refusal('plain', {})).toContain(
      '✖ NAME took the connection to 127.0.0.1:PORT and then said nothing for 4 s.',
    )
  })

  it('allows too few sessions for a swap', async () => {
    expect(
      await refusal('one session', {}),
    ).toBe(`✖ NAME: its sshd allows fewer than 2 sessions on a connection, and a swap needs them at once. Nothing was changed.

  fix: MaxSessions 10     in the sshd_config of NAME
`)
  })

  it('does not let health checks through', async () => {
    const health = { url: 'http://127.0.0.1:9/up' }
    expect(
      await refusal('no forwarding', {}, { health }),
    ).toBe(`✖ NAME: its sshd does not let us forward to 127.0.0.1:9, which the health check GET http://127.0.0.1:9/up needs. Nothing was changed.

  fix: AllowTcpForwarding yes, and no \`restrict\` on the key; or check by a command: health: { run: 'curl -fsS http://127.0.0.1:9/up' }
`)
  })

  describe('has a host key that is not trusted:', () => {
    const i = numberOf('plain')
    const offered = 'NAME [127.0.0.1]:PORT offered  ED25519 SHA256:KEY'
    const compare = 'on the server:  ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub     must print the same'

    it.each<[string, () => object, string]>([
      [
        'nobody knows it',
        () => known(),
        `✖ NAME is not trusted: its host key is in no known_hosts file. Nothing was changed.

  ${offered}
  looked in  PROJECT/known_hosts

  ${compare}
  then:           clonedeploy trust NAME
  in CI:          hosts: [{ host: 'NAME', hostKey: 'SHA256:KEY' }]
`,
      ],
      [
        'another one is known',
        () => known('# mine', `${place(i)} ${key(1)}`),
        `✖ HOST KEY CHANGED: NAME is not the host that we know. Nothing was changed.

  ${offered}
  known    ED25519 SHA256:OTHER  PROJECT/known_hosts:2

  This may be an attack. Ask the administrator whether the host was installed anew, and only then:
  ${compare}
  then:           ssh-keygen -R '[127.0.0.1]:PORT' -f PROJECT/known_hosts
`,
      ],
      [
        'it is revoked, and known besides',
        () => known(`@revoked * ${key(i)}`, `${place(i)} ${key(i)}`),
        `✖ HOST KEY REVOKED: NAME uses a key that must not be used any more. Nothing was changed.

  ${offered}
  revoked  PROJECT/known_hosts:1

  Whoever holds this key can pose as the host. Ask the administrator for a new one.
`,
      ],
      [
        'another one is pinned',
        () => ({ hostKey: fingerprint(1) }),
        `✖ HOST KEY CHANGED: NAME does not have the pinned host key. Nothing was changed.

  ${offered}
  pinned   SHA256:OTHER  (hostKey in the configuration)

  This may be an attack. Ask the administrator before you change the pin.
  ${compare}
`,
      ],
    ])('%s', async (_, entry, expected) => {
      const before = here.fleet.log(i).length
      expect(await refusal('plain', entry())).toBe(expected)
      const log = here.fleet.log(i).slice(before)
      expect(log).toContain('Connection from 127.0.0.1')
      expect(log).not.toContain('userauth-request')
    })

    it('and its log would show an authentication', async () => {
      const before = here.fleet.log(i).length
      const { project, fleet } = here
      project.configure({
        hosts: [{ name: `h${i}`, deployTo: project.on(i) }],
        ssh: { configFile: fleet.sshConfigFile },
      })
      expect((await project.run('check')).code).toBe(0)
      expect(fleet.log(i).slice(before)).toContain('userauth-request')
    })
  })

  it('is like another one: what is the same is told once', async () => {
    const { project, fleet } = here
    const [a, b, c] = [numberOf('no key'), numberOf('forced'), numberOf('plain')]
    const key = join(project.root, 'stranger')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key])
    const hosts = [1, a, b, c].map(n => ({
      name: `h${n}`,
      deployTo: project.on(n),
      ...(n === c ? { identityFile: key } : {}),
    }))
    project.configure({ hosts, ssh: { configFile: fleet.sshConfigFile } })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(3)
    const line = (n: number) => `${userInfo().username}@h${n} (127.0.0.1:${fleet.port(n)})`
    expect(stderr).toContain(`✖ 3 of 4 hosts cannot be reached. Nothing was changed.

  h${a} refused the key (the same holds for h${c})
    login  ${line(a)}
    tried  ${fleet.identityFile}
    login  ${line(c)}
    tried  ${key}
    the host takes  publickey
  h${b} let us in but runs no scripts: its own words came instead of the answer
    it printed  This account is for backups only.
`)
  })

  it('cannot be reached does not keep `check` from telling of the others', async () => {
    const { project, fleet } = here
    const [a, b] = [numberOf('no key'), numberOf('no forwarding')]
    const hosts = [1, a, b].map(n => ({ name: `h${n}`, deployTo: project.on(n) }))
    project.configure({ hosts, ssh: { configFile: fleet.sshConfigFile }, health: { url: 'http://127.0.0.1:9/up' } })
    const { code, json } = await project.run('check --json')
    expect(code).toBe(3)
    expect(json().hosts.map(({ name }: Json) => name)).toEqual(['h1', `h${b}`])
    expect(json().hosts[0]).toMatchObject({
      address: `${userInfo().username}@127.0.0.1:${fleet.port(1)}`,
      hostKey: `ssh-ed25519 ${fingerprint(1)}`,
      auth: fleet.identityFile,
      shell: expect.stringMatching(/^\//),
      tar: expect.stringMatching(/^GNU /),
      syncsOne: true,
      mount: expect.stringMatching(/^\//),
      freeBytes: expect.any(Number),
      clockOffset: expect.any(Number),
      roundTripMs: expect.any(Number),
    })
    expect(json().problems.map(({ host, text }: Json) => [host, text])).toEqual([
      [`h${a}`, `h${a} refused the key`],
      [`h${b}`, expect.stringContaining('does not let us forward to 127.0.0.1:9')],
    ])
    expect(json().problems[0].details).toContain(`tried  ${fleet.identityFile}`)
    const { stdout } = await project.run('check')
    expect(stdout).toContain(`\n✔ h1    ${userInfo().username}@127.0.0.1:${fleet.port(1)}   `)
    expect(stdout).toContain(`\n✖ h${a} refused the key\n  login  `)
    expect(stdout).not.toContain('No problems')
  })

  it('is told to be reached by an ssh configuration that lies in the project: nobody reads that', async () => {
    const { project, fleet } = here
    const canary = join(project.root, 'canary')
    const trap = `Host *\n  ProxyCommand touch ${canary}\n  Port 1\n`
    mkdirSync(join(project.root, '.ssh'))
    for (const name of ['.ssh/config', 'ssh_config', 'config']) writeFileSync(join(project.root, name), trap)
    const login = { user: userInfo().username, identityFile: fleet.identityFile, knownHosts: fleet.knownHosts }
    const hosts = [1, 2].map(n => ({
      name: `h${n}`,
      host: '127.0.0.1',
      port: fleet.port(n),
      deployTo: project.on(n),
      ...login,
    }))
    project.configure({ hosts, ssh: {} })
    const { code, stderr } = await project.run('deploy')
    expect([code, stderr]).toEqual([0, expect.stringContaining('✔ Deployed')])
    expect(() => readFileSync(canary)).toThrow('ENOENT')
  })
})
