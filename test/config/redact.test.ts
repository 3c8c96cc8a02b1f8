import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { redactor, Secret } from '../../src/config/secrets/redact.js'

const value = `pä$$ "word"/'+?&\\`
const redact = redacting(value)

describe('a secret is taken out', () => {
  it.each([
    ['as it is', value],
    ['in base64', Buffer.from(value).toString('base64')],
    ['in base64 for URLs', Buffer.from(value).toString('base64url')],
    ['in a URL', encodeURIComponent(value)],
    ['in a URL with small digits', encodeURIComponent(value).replaceAll(/%../g, hex => hex.toLowerCase())],
    ['in a form', new URLSearchParams({ a: value }).toString().slice(2)],
    ['in JSON', JSON.stringify(value).slice(1, -1)],
    ['quoted for the shell', value.replaceAll("'", `'\\''`)],
  ])('%s', (_how, form) => {
    expect(redact(`x=${form};`)).toBe('x=[redacted];')
  })

  it.each(['', 'a', 'ab', 'abc', 'user:'])('in base64 after "%s"', before => {
    for (const after of ['', 'y', 'yz', 'xyz']) {
      const text = Buffer.from(`${before}hunter2-hunter2${after}`).toString('base64')
      const shown = redacting('hunter2-hunter2')(text)
      expect(shown).toContain('[redacted]')
      expect(Buffer.from(shown.replaceAll('[redacted]', ''), 'base64').toString()).not.toContain('unter')
    }
  })

  it('as `set -x` and `env` print it', () => {
    const env = { SECRET: value, PATH: process.env.PATH }
    const print = (shell: string, script: string) =>
      execFileSync(shell, ['-c', script], { env, stdio: 'pipe' }).toString()
    expect(redact(print('sh', 'env'))).toContain('SECRET=[redacted]\n')
    expect(redact(print('sh', 'exec 2>&1; set -x; : "$SECRET"'))).not.toContain('word')
  })

  it('everywhere, the longest first', () => {
    expect(redacting('pass', 'password')('password pass password')).toBe('[redacted] [redacted] [redacted]')
  })

  it('line by line when it has several', () => {
    const pem = '-----BEGIN KEY-----\nMIIBVAIBADANBg\nab\n-----END KEY-----\n'
    const shown = '-----BEGIN KEY-----\n[redacted]\nab\n-----END KEY-----'
    const told = redacting(pem)
    expect(pem.trim().split('\n').map(told).join('\n')).toBe(shown)
    expect(told(pem)).toBe('[redacted]')
  })
})

describe('text stays as it is', () => {
  it.each([
    ['without secrets', []],
    ['with secrets too short to tell', ['abc', '1', '']],
    ['with secrets that are not in it', ['.*.*', 'hunter2']],
  ])('%s', (_what, values) => {
    expect(redacting(...values)('abc 1 text\n')).toBe('abc 1 text\n')
  })
})

function redacting(...values: readonly string[]): (text: string) => string {
  return redactor(new Map(values.map((value, i) => [`S${i}`, new Secret(value)])))
}
