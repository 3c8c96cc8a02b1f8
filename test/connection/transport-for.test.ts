import { describe, expect, it } from 'vitest'
import type { Beyond, Target } from '../../src/connection/login-target.js'
import { type Evidence, transportFor } from '../../src/connection/transport-for.js'

const plain: Evidence = {
  certificates: [],
  securityKeys: [],
  plainKey: true,
  authorityOnly: false,
  keyIsKnown: true,
}
const usual: Beyond = {
  certificateFiles: [],
  pkcs11: false,
  gssapi: false,
  fdpass: false,
  knownHostsCommand: false,
  kex: ['sntrup761x25519-sha512@openssh.com', 'curve25519-sha256'],
  ciphers: ['chacha20-poly1305@openssh.com', 'aes256-gcm@openssh.com'],
  macs: [],
  hostKeys: [],
  userKeys: [],
}
const needs = (beyond: Partial<Beyond>, found: Partial<Evidence>, proxyCommand: string | null = null) =>
  transportFor({ beyond: { ...usual, ...beyond }, proxyCommand } as Target, { ...plain, ...found })

describe('the system’s ssh is needed', () => {
  it.each<[string, Partial<Beyond>, Partial<Evidence>, string]>([
    ['for a certificate', {}, { certificates: ['/k-cert.pub'] }, 'its key has a certificate, /k-cert.pub'],
    [
      'for a security key alone',
      {},
      { securityKeys: ['/id_sk'], plainKey: false },
      'its key is in a security key, /id_sk',
    ],
    ['for a smart card', { pkcs11: true }, {}, 'PKCS11Provider is set for it'],
    [
      'for Kerberos without a key',
      { gssapi: true },
      { plainKey: false },
      'there is no key to try, and GSSAPIAuthentication is on',
    ],
    ['for host certificates', {}, { authorityOnly: true }, 'known_hosts names a certificate authority for it'],
    ['for keys from a command', { knownHostsCommand: true }, { keyIsKnown: false }, 'KnownHostsCommand is set for it'],
    [
      'for post-quantum key exchange',
      { kex: ['mlkem768x25519-sha256'] },
      {},
      'KexAlgorithms allows only mlkem768x25519-sha256',
    ],
  ])('%s', (_, beyond, found, why) => {
    expect(needs(beyond, found).needs).toBe(why)
  })

  it('for a ProxyCommand that passes its connection on', () => {
    expect(needs({ fdpass: true }, {}, 'nc -F %h %p').needs).toBe('ProxyUseFdpass is set for it')
  })
})

describe('the system’s ssh is not needed', () => {
  it.each<[string, Partial<Beyond>, Partial<Evidence>]>([
    ['for what is usual', {}, {}],
    ['where nothing is known of the algorithms', { kex: [], ciphers: [] }, {}],
    ['for Kerberos beside a key, as Debian sets it', { gssapi: true }, {}],
    ['for a security key beside another key', {}, { securityKeys: ['/id_sk'] }],
    ['without any key: the refusal says so', {}, { plainKey: false }],
    ['for KnownHostsCommand beside a known key', { knownHostsCommand: true }, {}],
  ])('%s', (_, beyond, found) => {
    expect(needs(beyond, found).needs).toBe(null)
  })
})

it('a security key beside another key is tried once the other one was refused', () => {
  expect(needs({}, { securityKeys: ['/id_sk'] }).might).toBe('its key is in a security key, /id_sk')
  expect(needs({}, {}).might).toBe(null)
})
