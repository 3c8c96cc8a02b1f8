import { readFile } from 'node:fs/promises'
import type { BaseAgent, ParsedKey } from 'ssh2'

/** A key file: the private key, or why there is only its public half. */
export interface KeyFile {
  readonly path: string
  readonly publicKey: Buffer | null
  /** Null when the file holds a public key only, or is encrypted. */
  readonly privateKey: ParsedKey | null
  readonly encrypted: boolean
  /** Why the file is of no use; null when it is, or when there is none. */
  readonly problem: string | null
}

/** The keys that an agent holds, each as an agent of that one key. */
export interface AgentKeys {
  readonly keys: readonly { readonly key: ParsedKey; readonly agent: BaseAgent }[]
  readonly problem: string | null
}

export interface KeyRing {
  readonly file: (path: string) => Promise<KeyFile>
  readonly agent: (socket: string) => Promise<AgentKeys>
}

/** Key files and agents, each read once for all hosts. */
export function keyRing(): KeyRing {
  const files = new Map<string, Promise<KeyFile>>()
  const agents = new Map<string, Promise<AgentKeys>>()
  const once = <T>(cache: Map<string, Promise<T>>, key: string, read: (key: string) => Promise<T>) => {
    const known = cache.get(key) ?? read(key)
    cache.set(key, known)
    return known
  }
  return { file: path => once(files, path, readKeyFile), agent: socket => once(agents, socket, readAgent) }
}

async function readKeyFile(path: string): Promise<KeyFile> {
  const nothing = { path, publicKey: null, privateKey: null, encrypted: false, problem: null }
  let text: Buffer
  try {
    text = await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    return code === 'ENOENT' ? nothing : { ...nothing, problem: `cannot be read (${code})` }
  }
  const { utils } = (await import('ssh2')).default
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

/** OpenSSH's key format keeps the public half readable: magic, cipher, kdf, kdf options, count, public key. */
function publicHalf(pem: Buffer): Buffer | null {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([^-]+)-----END/.exec(pem.toString('latin1'))?.[1]
  if (!base64) return null
  const blob = Buffer.from(base64, 'base64')
  let at = 'openssh-key-v1\0'.length
  const skipString = () => {
    at += 4 + blob.readUInt32BE(at)
  }
  try {
    for (let i = 0; i < 3; i += 1) skipString()
    at += 4
    const length = blob.readUInt32BE(at)
    return blob.subarray(at + 4, at + 4 + length)
  } catch {
    return null
  }
}

async function readAgent(socket: string): Promise<AgentKeys> {
  const { OpenSSHAgent, utils } = (await import('ssh2')).default
  const agent = new OpenSSHAgent(socket)
  return new Promise(resolve => {
    const timer = setTimeout(() => resolve({ keys: [], problem: 'does not answer' }), 5_000)
    agent.getIdentities((error, found) => {
      clearTimeout(timer)
      if (error || !found) return resolve({ keys: [], problem: error?.message ?? 'holds no keys' })
      const keys = found.flatMap(each => {
        const key = utils.parseKey(each as ParsedKey)
        return key instanceof Error ? [] : [{ key, agent: onlyOf(new OpenSSHAgent(socket), key) }]
      })
      resolve({ keys, problem: null })
    })
  })
}

/** ssh2 tries every key of an agent; this one shows a single key, so that we choose the order and the number. */
function onlyOf(agent: BaseAgent, key: ParsedKey): BaseAgent {
  agent.getIdentities = callback => callback(null, [key])
  return agent
}
