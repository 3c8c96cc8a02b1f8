import { createHash, randomBytes } from 'node:crypto'
import { link, readFile, rm, writeFile } from 'node:fs/promises'
import type { ParsedKey } from 'ssh2'
import { newKey, publicLine } from '../connection/ssh2/key-types.js'

export interface KeyPair {
  /** The private key, in OpenSSH's format. */
  readonly text: string
  readonly key: ParsedKey
  /** `ssh-ed25519 AAAA…` */
  readonly publicLine: string
  /** `SHA256:…`, as `ssh-keygen -l` prints it. */
  readonly fingerprint: string
}

/** The key of a file; made there (ed25519, 0600) when there is none. */
export async function keyPair(file: string): Promise<KeyPair> {
  const { utils } = await loadSsh2()
  const text = await keep(file, async () => (await newKey()).text)
  const key = utils.parseKey(text)
  if (key instanceof Error) throw new Error(`${file} is not a private key; remove it to get a new one`, { cause: key })
  const hash = createHash('sha256').update(key.getPublicSSH()).digest('base64').replace(/=+$/, '')
  return { text, key, publicLine: publicLine(key), fingerprint: `SHA256:${hash}` }
}

/** Text of a file that is made once and then kept: later runs, and a run at the same time, read what the first one made. */
export async function keep(file: string, make: () => string | Promise<string>): Promise<string> {
  return (await readIfThere(file)) ?? (await putOnce(file, await make()))
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** A hard link is made whole or not at all, and never over a file that is there. */
async function putOnce(file: string, text: string): Promise<string> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
  try {
    await link(temporary, file)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  } finally {
    await rm(temporary, { force: true })
  }
  return readFile(file, 'utf8')
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}

/** The one door to the package ssh2 in this folder; it is loaded when the first host starts. */
export async function loadSsh2(): Promise<typeof import('ssh2')> {
  return (await import('ssh2')).default
}
