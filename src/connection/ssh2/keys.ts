import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { BaseAgent, ParsedKey } from 'ssh2'
import { beyondUs, publicHalf, typeInPrivateKey } from './key-types.js'

/** A key file: the private key, or why there is only its public half. */
export interface KeyFile {
  readonly path: string
  readonly publicKey: Buffer | null
  /** Null when the file holds a public key only, or is encrypted. */
  readonly privateKey: ParsedKey | null
  readonly encrypted: boolean
  /** Whether a certificate for it lies beside it. */
  readonly certified: boolean
  /** Why the file is of no use; null when it is, or when there is none. */
  readonly problem: string | null
}

/** The keys that an agent holds, each as an agent of that one key. */
interface AgentKeys {
  readonly keys: readonly { readonly key: ParsedKey; readonly agent: BaseAgent }[]
  /** What it holds besides, and why that is of no use to us. */
  readonly skipped: readonly string[]
  readonly problem: string | null
}

export interface KeyRing {
  readonly file: (path: string) => Promise<KeyFile>
  /** The same with an encrypted key opened, when somebody knows its passphrase. */
  readonly opened: (path: string) => Promise<KeyFile>
  readonly canAsk: boolean
  readonly agent: (socket: string) => Promise<AgentKeys>
}

/** Asks for the passphrase of a key file; `tries` were wrong before. Null: there is none to be had. */
export type AskPassphrase = (path: string, tries: number) => Promise<string | null>

export const PASSPHRASE_TRIES = 3

/** Key files and agents, each read, and opened, once for all hosts. */
export function keyRing(ask: AskPassphrase | null = null): KeyRing {
  const files = new Map<string, Promise<KeyFile>>()
  const agents = new Map<string, Promise<AgentKeys>>()
  const once = <T>(cache: Map<string, Promise<T>>, key: string, read: (key: string) => Promise<T>) => {
    const known = cache.get(key) ?? read(key)
    cache.set(key, known)
    return known
  }
  const opened = new Map<string, Promise<KeyFile>>()
  let asking: Promise<unknown> = Promise.resolve()
  const file = (path: string) => once(files, path, readKeyFile)
  // One question at a time: two prompts would share one terminal.
  const open = async (path: string) => {
    const locked = await file(path)
    if (!locked.encrypted || ask === null) return locked
    const answer = asking.then(() => openKeyFile(locked, ask))
    asking = answer.catch(() => {})
    return answer
  }
  return {
    file,
    opened: path => once(opened, path, open),
    canAsk: ask !== null,
    agent: socket => once(agents, socket, readAgent),
  }
}

async function openKeyFile(locked: KeyFile, ask: AskPassphrase): Promise<KeyFile> {
  const { utils } = (await import('ssh2')).default
  const text = await readFile(locked.path)
  for (let tries = 0; tries < PASSPHRASE_TRIES; tries += 1) {
    const passphrase = await ask(locked.path, tries)
    if (passphrase === null) return { ...locked, problem: 'is encrypted, and its passphrase was not given' }
    const parsed: ParsedKey | ParsedKey[] | Error = utils.parseKey(text, passphrase)
    if (!(parsed instanceof Error)) {
      const privateKey = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey
      return { ...locked, publicKey: privateKey.getPublicSSH(), privateKey, encrypted: false }
    }
  }
  return { ...locked, problem: `is encrypted, and ${PASSPHRASE_TRIES} passphrases were wrong` }
}

async function readKeyFile(path: string): Promise<KeyFile> {
  const nothing = {
    path,
    publicKey: null,
    privateKey: null,
    encrypted: false,
    certified: existsSync(`${path}-cert.pub`),
    problem: null,
  }
  let text: Buffer
  try {
    text = await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return code === 'ENOENT' ? nothing : { ...nothing, problem: `cannot be read (${code})` }
  }
  const { utils } = (await import('ssh2')).default
  const beyond = beyondUs(typeInPrivateKey(text) ?? text.toString('latin1').split(' ')[0] ?? '')
  if (beyond !== null) return { ...nothing, problem: `was skipped: ${beyond}` }
  const parsed: ParsedKey | ParsedKey[] | Error = utils.parseKey(text)
  if (parsed instanceof Error) {
    if (!/^Encrypted/.test(parsed.message)) return { ...nothing, problem: parsed.message }
    return { ...nothing, encrypted: true, publicKey: publicHalf(text) ?? (await readPublicKey(`${path}.pub`)) }
  }
  const key = (Array.isArray(parsed) ? parsed[0] : parsed) as ParsedKey
  return { ...nothing, publicKey: key.getPublicSSH(), privateKey: key.isPrivateKey() ? key : null }
}

async function readPublicKey(path: string): Promise<Buffer | null> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const base64 = text.trim().split(/\s+/)[1]
  return base64 ? Buffer.from(base64, 'base64') : null
}

async function readAgent(socket: string): Promise<AgentKeys> {
  const { OpenSSHAgent, utils } = (await import('ssh2')).default
  const agent = new OpenSSHAgent(socket)
  const skipped = await skippedIn(socket)
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve({ keys: [], skipped, problem: 'does not answer' }), 5_000)
    agent.getIdentities((error, found) => {
      clearTimeout(timer)
      if (error || !found) return resolve({ keys: [], skipped, problem: error?.message ?? 'holds no keys' })
      const keys = found.flatMap(each => {
        const key = utils.parseKey(each as ParsedKey)
        return key instanceof Error ? [] : [{ key, agent: onlyOf(new OpenSSHAgent(socket), key) }]
      })
      resolve({ keys, skipped, problem: null })
    })
  })
}

/** ssh2 passes over keys of types that it does not know, without a word. */
function skippedIn(socket: string): Promise<string[]> {
  return new Promise(resolve => {
    const env = { ...process.env, SSH_AUTH_SOCK: socket }
    execFile('ssh-add', ['-L'], { env, timeout: 5_000 }, (_, stdout) => {
      const lines = stdout.split('\n').map(line => line.split(' '))
      resolve(
        lines.flatMap(([type = '', , ...comment]) => {
          const beyond = beyondUs(type)
          return beyond === null ? [] : [`agent ${comment.join(' ') || type} was skipped: ${beyond}`]
        }),
      )
    })
  })
}

/** ssh2 tries every key of an agent; this one shows a single key, so that we choose the order and the number. */
function onlyOf(agent: BaseAgent, key: ParsedKey): BaseAgent {
  agent.getIdentities = callback => callback(null, [key])
  return agent
}
