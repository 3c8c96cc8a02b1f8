import { expect, it } from 'vitest'
import type { Beyond } from '../../src/connection/login-target.js'
import { safeAlgorithms } from '../../src/connection/openssh/openssh-args.js'

const none = { kex: [], ciphers: [], macs: [], hostKeys: [], userKeys: [] } as unknown as Beyond

it.each([
  ['nothing is said', {}, []],
  ['nothing is unsafe', { macs: ['hmac-sha2-256'], ciphers: ['aes128-ctr'] }, []],
  ['a MAC is of SHA-1', { macs: ['hmac-sha2-256', 'hmac-sha1-etm@openssh.com'] }, ['MACs=hmac-sha2-256']],
  [
    'the order is the user’s',
    { kex: ['diffie-hellman-group14-sha1', 'sntrup761x25519-sha512', 'curve25519-sha256'] },
    ['KexAlgorithms=sntrup761x25519-sha512,curve25519-sha256'],
  ],
  [
    'Terrapin bears on a cipher',
    { ciphers: ['chacha20-poly1305@openssh.com', 'aes256-cbc', 'aes256-ctr'] },
    ['Ciphers=aes256-ctr'],
  ],
  ['nothing safe is left', { ciphers: ['aes128-cbc', '3des-cbc'] }, ['Ciphers=-aes128-cbc,3des-cbc']],
  [
    'keys sign by SHA-1',
    { hostKeys: ['ssh-ed25519', 'ssh-rsa'], userKeys: ['rsa-sha2-512', 'ssh-rsa', 'ssh-rsa-cert-v01@openssh.com'] },
    ['HostKeyAlgorithms=ssh-ed25519', 'PubkeyAcceptedKeyTypes=rsa-sha2-512'],
  ],
])('takes only what is unsafe out of the lists for ssh, when %s', (_, lists, options) => {
  expect(safeAlgorithms({ ...none, ...lists })).toEqual(options)
})
