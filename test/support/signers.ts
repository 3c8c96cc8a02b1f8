import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Makes a key that signs, and gives its path. */
export function signingKey(dir: string, name: string, passphrase = ''): string {
  const file = join(dir, name)
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-C', name, '-f', file])
  return file
}

/** A line of allowed signers. */
export function signer(key: string, options = 'namespaces="clonedeploy"'): string {
  const [type, text] = readFileSync(`${key}.pub`, 'utf8').split(' ')
  return `${key.slice(key.lastIndexOf('/') + 1)}@example.com ${options} ${type} ${text}`
}

/** Writes a file of allowed signers, and gives its path. */
export function allow(dir: string, ...lines: readonly string[]): string {
  const file = join(dir, 'allowed_signers')
  writeFileSync(file, lines.map(line => `${line}\n`).join(''))
  return file
}

/** An object with its first line signed by OpenSSH itself. */
export function signedBy(key: string, line: string, namespace = 'clonedeploy'): Buffer {
  const text = execFileSync('ssh-keygen', ['-Y', 'sign', '-f', key, '-n', namespace], {
    input: line,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  return Buffer.concat([Buffer.from(line), text])
}
