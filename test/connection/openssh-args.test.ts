import { describe, expect, it } from 'vitest'
import type { Target, Wanted } from '../../src/connection/login-target.js'
import { type MasterOptions, masterArgs } from '../../src/connection/openssh/openssh-args.js'

const lists = { kex: [], ciphers: [], macs: [], hostKeys: [], userKeys: [] }
const target = {
  name: 'web-1',
  hostname: '10.0.0.11',
  port: 22,
  pin: null,
  configFile: null,
  beyond: lists,
} as unknown as Target
const folder = { path: '/tmp/f', socket: '/tmp/f/m' }
const args = (wanted: Partial<Wanted>, of: Partial<Target> = {}, more: Partial<MasterOptions> = {}) =>
  masterArgs({
    wanted: { name: 'web-1', host: 'web-1', ...wanted },
    target: { ...target, ...of },
    ...{ folder, timeout: 2_500, version: [9, 2], via: null, except: [], ...more },
  })
const options = (all: readonly string[]) => all.filter((_, i) => all[i - 1] === '-o')

describe('ssh is told', () => {
  it('to trust and to ask nobody, whatever the user’s files say', () => {
    expect(args({})).toEqual([
      ...['-N', '-T', '-S', '/tmp/f/m'],
      ...['-o', 'ControlMaster=yes', '-o', 'ControlPersist=no', '-o', 'LogLevel=DEBUG1'],
      ...[
        '-o',
        'BatchMode=yes',
        '-o',
        'StrictHostKeyChecking=yes',
        '-o',
        'UpdateHostKeys=no',
        '-o',
        'VerifyHostKeyDNS=no',
      ],
      ...['-o', 'ConnectTimeout=3', '-o', 'ConnectionAttempts=1'],
      ...['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=3', '-o', 'TCPKeepAlive=yes'],
      ...['-o', 'ForwardAgent=no', '-o', 'ForwardX11=no', '-o', 'ClearAllForwardings=yes', '-o', 'Tunnel=no'],
      ...['-o', 'GSSAPIDelegateCredentials=no'],
      ...['-o', 'PermitLocalCommand=no', '-o', 'RemoteCommand=none', '-o', 'RequestTTY=no'],
      ...['-o', 'ForkAfterAuthentication=no'],
      ...['-o', 'KnownHostsCommand=/bin/sh /tmp/f/key %f %t %K %H'],
      ...['--', 'web-1'],
    ])
  })

  it('nothing that it does not know yet', () => {
    const old = options(args({}, {}, { version: [8, 4] }))
    expect(old.filter(option => /ForkAfter|KnownHostsCommand/.test(option))).toEqual([])
  })

  it.each<[string, Partial<Wanted>, readonly string[]]>([
    ['user', { user: 'deploy' }, ['-l', 'deploy', '--', 'web-1']],
    ['user that looks like an option', { user: '-oX=y' }, ['-l', '-oX=y', '--', 'web-1']],
    ['port', { port: 2222 }, ['-p', '2222', '--', 'web-1']],
    ['host that looks like an option', { host: '-oX=y' }, ['--', '-oX=y']],
    [
      'key, and no other from the agent',
      { identityFile: '/my "keys"/100%' },
      ['-o', 'IdentitiesOnly=yes', '-o', 'IdentityFile="/my \\"keys\\"/100%%"', '--', 'web-1'],
    ],
    [
      'known_hosts file, in the place of all',
      { knownHosts: '/kh' },
      ['-o', 'UserKnownHostsFile="/kh"', '-o', 'GlobalKnownHostsFile=/dev/null', '--', 'web-1'],
    ],
  ])('the %s of the inventory', (_, wanted, end) => {
    expect(args(wanted).slice(-end.length)).toEqual(end)
  })

  it('the ssh configuration to read', () => {
    expect(args({}, { configFile: '/c' }).slice(0, 2)).toEqual(['-F', '/c'])
  })

  it('to go through the jump host’s connection, and never to make one of its own', () => {
    const [way] = options(args({}, {}, { via: '/tmp/j/m' })).filter(option => option.startsWith('ProxyCommand'))
    expect(way).toBe(
      'ProxyCommand=ssh -F /dev/null -S /tmp/j/m -o ControlMaster=no -o ProxyCommand=false -o BatchMode=yes -W 10.0.0.11:22 -- jump',
    )
    expect(options(args({ jump: 'none' }))).toContain('ProxyCommand=none')
  })

  it('to take a pinned key and nothing else', () => {
    const pinned = options(args({}, { pin: 'SHA256:abc' }, { except: ['ssh-rsa', 'ssh-ed25519'] }))
    expect(pinned.filter(option => /HostKey|KnownHosts/.test(option))).toEqual([
      'StrictHostKeyChecking=yes',
      'UpdateHostKeys=no',
      'VerifyHostKeyDNS=no',
      'HostKeyAlgorithms=-*-cert-*,rsa-*,ssh-ed25519',
      'KnownHostsCommand=/bin/sh /tmp/f/key %f %t %K %H',
      'UserKnownHostsFile="/tmp/f/revoked"',
      'GlobalKnownHostsFile=/dev/null',
    ])
  })
})
