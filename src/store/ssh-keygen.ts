import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { escapeLine } from '../text/escape.js'
import { signedFor } from './signature.js'

/** What could not be signed, or is not to be believed, in words that go on a sentence. */
export class SignatureError extends Error {
  override name = 'SignatureError'
}

export type Sign = (bytes: Uint8Array) => Promise<string>
/** Throws SignatureError unless it was signed by somebody who might sign at that time. */
export type Verify = (bytes: Uint8Array, signature: string, at: Date) => Promise<void>

/** Signs with a private key, or with the one that the agent holds of a public key. */
export function signWith(key: string): Sign {
  return async bytes => {
    const { code, stdout, words } = await sshKeygen(['-Y', 'sign', '-f', key, '-n', signedFor], bytes)
    if (code === 0) return stdout
    throw new SignatureError(`${key} cannot sign: ${words || `ssh-keygen ended with ${code}`}`)
  }
}

/** Verifies by a file in OpenSSH's form of allowed signers. */
export function verifyBy(allowed: string): Verify {
  return async (bytes, signature, at) => {
    const folder = await mkdtemp(join(tmpdir(), 'clonedeploy-signature-'))
    try {
      const file = join(folder, 'signature')
      await writeFile(file, signature, { mode: 0o600 })
      await verify(allowed, bytes, file, `-Overify-time=${clock(at)}`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }
}

async function verify(allowed: string, bytes: Uint8Array, file: string, time: string): Promise<void> {
  const found = await sshKeygen(['-Y', 'find-principals', '-s', file, '-f', allowed, time], Buffer.alloc(0))
  const names = found.code === 0 ? found.stdout.split('\n').filter(name => name !== '') : []
  for (const name of names.slice(0, mostNames)) {
    const args = ['-Y', 'verify', '-f', allowed, '-I', name, '-n', signedFor, '-s', file, time]
    if ((await sshKeygen(args, bytes)).code === 0) return
  }
  throw new SignatureError(await whyNot(allowed, bytes, file, found.words))
}

/** What is wrong with a signature that was not taken. */
async function whyNot(allowed: string, bytes: Uint8Array, file: string, words: string): Promise<string> {
  const made = await sshKeygen(['-Y', 'check-novalidate', '-n', signedFor, '-s', file], bytes)
  if (made.code === null) return `cannot be checked: ${made.words}`
  if (made.code !== 0) return 'is signed, but was changed since, or was signed for something else'
  const key = /with (\S+) key (SHA256:\S+)/.exec(made.stdout)
  const who = key === null ? 'a key' : `the ${key[1]} key ${key[2]}`
  return `is signed by ${who}, which ${whyNotAllowed(allowed, words)}`
}

function whyNotAllowed(allowed: string, words: string): string {
  if (words === '') return `${allowed} does not allow`
  return words.startsWith(`${allowed}:`)
    ? `${allowed} does not allow: line ${words.slice(allowed.length + 1)}`
    : `nobody could look up: ${words}`
}

const mostNames = 20
/** Milliseconds: a key in hardware waits to be touched. */
const longest = 60_000
const mostOutput = 1 << 16

interface Ended {
  readonly code: number | null
  readonly stdout: string
  /** The first line that says what went wrong. */
  readonly words: string
}

/** In a session of its own: no Ctrl-C ends it, and it has no terminal to ask for a passphrase at. */
function sshKeygen(args: readonly string[], input: Uint8Array): Promise<Ended> {
  const { SSH_ASKPASS = 'false', ...env } = process.env
  const child = spawn('ssh-keygen', args, {
    detached: true,
    timeout: longest,
    env: { ...env, LC_ALL: 'C', SSH_ASKPASS, SSH_ASKPASS_REQUIRE: 'force' },
  })
  const said = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', chunk => {
      said[name] = (said[name] + String(chunk)).slice(0, mostOutput)
    })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return new Promise(resolve => {
    child.on('error', ({ message }) => resolve({ code: null, stdout: '', words: escapeLine(message, 200) }))
    child.on('close', code => resolve({ code, stdout: said.stdout, words: complaintIn(said.stderr) }))
  })
}

function complaintIn(text: string): string {
  const lines = text
    .split(/[\r\n]+/)
    .filter(line => line.trim() !== '' && !/^(@|Signing data on|No principal matched)/.test(line))
  return escapeLine(lines[0] ?? '', 500)
}

/** In the time of this machine, as ssh-keygen reads it. */
function clock(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const date = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())]
  return [...date, two(at.getHours()), two(at.getMinutes()), two(at.getSeconds())].join('')
}
