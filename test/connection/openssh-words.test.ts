import { describe, expect, it } from 'vitest'
import type { Target } from '../../src/connection/login-target.js'
import { failureOf, opensshError, tooSlow } from '../../src/connection/openssh/openssh-errors.js'
import { sshOutput } from '../../src/connection/openssh/openssh-output.js'
import { atLeast, parseVersion } from '../../src/connection/openssh/openssh-version.js'

const HOST = 'SHA256:ShGYFmaGI8p9GWv2TISDsb23cz1pyfW1ExNfxcJfYH0'
const KEY = 'SHA256:bm/DHSsgHNCvQ5J9drhsbvL/LGSB8gLSAn8KcFHsxJQ'

describe('what ssh says of its login', () => {
  const log = (...lines: readonly string[]) => sshOutput(lines.map(line => `${line}\r\n`).join(''))

  it('is read: address, host key, the keys it offered and the one that was taken', () => {
    const words = log(
      'OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026',
      'debug1: Connecting to web-1.example.com [10.0.0.11] port 22.',
      'debug1: Connection established.',
      'debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1',
      `debug1: Server host key: ssh-ed25519 ${HOST}`,
      `debug1: Offering public key: ops@laptop RSA ${HOST} agent`,
      `debug1: Offering public key: /home/anna/my keys/id ED25519 ${KEY} explicit`,
      `debug1: Server accepts key: /home/anna/my keys/id ED25519 ${KEY} explicit`,
      'Authenticated to web-1.example.com ([10.0.0.11]:22) using "publickey".',
    )
    expect(words).toEqual({
      reached: true,
      met: true,
      address: '10.0.0.11',
      hostKey: { type: 'ssh-ed25519', fingerprint: HOST },
      offered: [`agent RSA ${HOST}`, '/home/anna/my keys/id'],
      accepted: '/home/anna/my keys/id',
      denied: false,
      method: 'publickey',
      partial: false,
      lines: [],
    })
  })

  it('names certificates, of the host and of ours', () => {
    const words = log(
      `debug1: Server host certificate: ssh-ed25519-cert-v01@openssh.com ${HOST}, serial 0 ID "web" CA ssh-ed25519 ${KEY} valid forever`,
      `debug1: Server accepts key: /keys/id-cert.pub ED25519-CERT ${KEY} explicit`,
    )
    expect(words.hostKey).toEqual({ type: 'ssh-ed25519-cert-v01@openssh.com', fingerprint: HOST })
    expect(words.accepted).toBe('certificate /keys/id-cert.pub')
  })

  it.each([
    ['denied', 'debug1: Authentications that can continue: publickey'],
    ['not signed with', 'debug1: No more authentication methods to try.'],
  ])('tells a login with a known key that was %s', (how, next) => {
    const words = log(`debug1: Server accepts key: /keys/id ED25519 ${KEY} explicit`, next)
    expect([words.accepted, words.denied]).toEqual(['/keys/id', how === 'denied'])
  })

  it('is kept where it is for people', () => {
    const words = log('debug1: pledge: id', 'web-1: Permission denied (publickey).', '', 'what nobody foresaw')
    expect(words.lines).toEqual(['web-1: Permission denied (publickey).', 'what nobody foresaw'])
  })
})

describe('why ssh did not log in', () => {
  it.each([
    ['dns', 'ssh: Could not resolve hostname web-9: Name or service not known'],
    ['refused', 'ssh: connect to host 10.0.0.1 port 22: Connection refused'],
    ['timeout', 'ssh: connect to host 10.0.0.1 port 22: Connection timed out'],
    ['timeout', 'ssh: connect to host 10.0.0.1 port 22: Operation timed out'],
    ['timeout', 'Connection timed out during banner exchange'],
    ['unreachable', 'ssh: connect to host 10.0.0.1 port 22: No route to host'],
    ['unreachable', 'ssh: connect to host 10.0.0.1 port 22: Network is unreachable'],
    ['host-key-unknown', 'No ED25519 host key is known for web-1 and you have requested strict checking.'],
    ['host-key-changed', '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @'],
    ['host-key-revoked', '@       WARNING: REVOKED HOST KEY DETECTED!               @'],
    ['auth', 'anna@web-1: Permission denied (publickey,password).'],
    ['auth', 'Received disconnect from 10.0.0.1 port 22:2: Too many authentication failures'],
    ['handshake', 'Unable to negotiate with 10.0.0.1 port 22: no matching key exchange method found.'],
    ['config', '/home/anna/.ssh/config: line 3: Bad configuration option: usekeychain'],
    ['config', 'Bad owner or permissions on /home/anna/.ssh/config'],
    ['lost', 'kex_exchange_identification: Connection closed by remote host'],
    ['lost', 'something that no version of ssh said so far'],
  ])('%s: %s', (kind, line) => {
    expect(failureOf(['what a ProxyCommand said before', line])).toBe(kind)
  })
})

describe('a login that takes too long is told by how far it came', () => {
  it.each([
    [[], 'web-1 did not answer: no connection to 10.0.0.1:22 in 1.5 s'],
    [['debug1: Connection established.'], 'web-1 took the connection to 10.0.0.1:22 and then said nothing for 1.5 s'],
    [
      ['debug1: Connection established.', 'debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1'],
      'web-1 did not finish the login in 1.5 s',
    ],
  ])('%j', (lines, message) => {
    const target = { name: 'web-1', hostname: '10.0.0.1', port: 22, configFile: null } as Target
    const output = sshOutput(['debug1: Connecting to 10.0.0.1 [10.0.0.1] port 22.', ...lines].join('\n'))
    const known = { trusted: [], revoked: [], authorities: [], files: [] }
    expect(tooSlow({ target, output, known, offered: null, timeout: 1_500 }).message).toBe(message)
  })
})

describe('a ProxyCommand that ends is told by its last words', () => {
  const target = { name: 'web-1', alias: 'web-1', hostname: '10.0.0.1', port: 22, proxyCommand: 'x' } as Target
  const known = { trusted: [], revoked: [], authorities: [], files: [] }

  it.each([
    [
      ['aws: no such instance', 'kex_exchange_identification: Connection closed by remote host'],
      ': aws: no such instance',
    ],
    [['Connection closed by UNKNOWN port 65535'], ''],
    [['x'.repeat(1000)], `: ${'x'.repeat(200)}`],
  ])('%j', (lines, said) => {
    const output = sshOutput(['debug1: Executing proxy command: exec x', ...lines].join('\n'))
    const error = opensshError({ target, output, known, offered: null, timeout: 1_500 })
    expect(error.message).toBe(`web-1 cannot be reached through its ProxyCommand${said}`)
  })

  it('unless the host was met', () => {
    const output = sshOutput('debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1')
    const error = opensshError({ target, output, known, offered: null, timeout: 1_500 })
    expect(error.message).toBe('web-1 closed the connection to 10.0.0.1:22 during the login')
  })
})

describe('the version of ssh', () => {
  it.each([
    ['OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19 27 Jan 2026', [9, 2]],
    ['OpenSSH_for_Windows_8.6p1, LibreSSL 3.4.3', [8, 6]],
    ['OpenSSH_10.0p2, OpenSSL 3.5.1 1 Jul 2025', [10, 0]],
    ['Dropbear v2022.83', null],
  ])('%s', (text, version) => {
    expect(parseVersion(text)).toEqual(version)
  })

  it.each([
    [[8, 4], false],
    [[8, 5], true],
    [[10, 0], true],
  ] as const)('%j is at least 8.5: %s', (version, answer) => {
    expect(atLeast(version, [8, 5])).toBe(answer)
    expect(atLeast(null, [8, 5])).toBe(false)
  })
})
