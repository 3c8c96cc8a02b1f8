import { generateKeyPairSync } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import { describe, expect, it } from 'vitest'
import { holdsPrivateKey } from '../../src/artifact/suspect-files.js'

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey
const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
const ed = generateKeyPairSync('ed25519')
const text = (key: typeof rsa, type: 'pkcs8' | 'pkcs1' | 'sec1', more = {}) =>
  key.export({ type: type as 'pkcs8', format: 'pem', ...more }).toString()
const der = (key: typeof rsa, type: 'pkcs8' | 'pkcs1') => key.export({ type: type as 'pkcs8', format: 'der' })
const hex = (...parts: string[]) => Buffer.from(parts.join('').padEnd(80, '0'), 'hex')
const pkcs12 = '308204a30201033082046906092a864886f70d010701'
const certificate = rootCertificates[0] ?? ''

describe('a private key is known by its bytes', () => {
  it.each([
    ['PKCS#8', text(rsa, 'pkcs8')],
    ['PKCS#1', text(rsa, 'pkcs1')],
    ['SEC1', text(ec, 'sec1')],
    ['encrypted', text(rsa, 'pkcs1', { cipher: 'aes-128-cbc', passphrase: 'secret' })],
    ['with \r\n', text(ec, 'pkcs8').replaceAll('\n', '\r\n')],
    ['behind certificates', `${certificate}\n${text(ec, 'pkcs8')}`],
    ['in JSON', JSON.stringify({ private_key: text(ed.privateKey, 'pkcs8') })],
    ['of OpenSSH', `-----BEGIN OPENSSH PRIVATE KEY-----\n${'b3BlbnNzaC1rZXk'.repeat(5)}\n`],
    ['of PGP', `-----BEGIN PGP PRIVATE KEY BLOCK-----\nVersion: 2\n\n${'lQOYBGPl'.repeat(8)}\n`],
    ['of PuTTY', 'PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nAAAA'],
    ['PKCS#8 as DER', der(rsa, 'pkcs8')],
    ['PKCS#1 as DER', der(rsa, 'pkcs1')],
    ['Ed25519 as DER', der(ed.privateKey, 'pkcs8')],
    ['PKCS#12', hex(pkcs12, '2a864886f70d010c0a0102')],
  ])('%s', (_, bytes) => {
    expect(holdsPrivateKey(Buffer.from(bytes))).toBe(true)
  })

  it.each([
    ['a certificate', certificate],
    ['a public key', ed.publicKey.export({ type: 'spki', format: 'pem' })],
    ['a public key as DER', ed.publicKey.export({ type: 'spki', format: 'der' })],
    ['trusted certificates in PKCS#12', hex(pkcs12, '2a864886f70d010c0a0103')],
    ['code that makes one', "key = '-----BEGIN PRIVATE KEY-----\\n' + body.match(/.{64}/g).join('\\n')"],
    ['code that looks for one', 'if (/-----BEGIN (RSA )?PRIVATE KEY-----/.test(text)) parse(text)'],
    ['a large file', `${text(rsa, 'pkcs8')}${' '.repeat(70_000)}`],
    ['an empty file', ''],
  ])('and not %s', (_, bytes) => {
    expect(holdsPrivateKey(Buffer.from(bytes))).toBe(false)
  })
})
