import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Target } from '../login-target.js'
import type { Evidence } from '../transport-for.js'
import { knownHostsReader, namesOf } from './known-hosts.js'

/** Looks at key files, agents and known_hosts, each once; no private key is read. */
export function evidenceReader(): (target: Target) => Promise<Evidence> {
  const readKnown = knownHostsReader()
  const agents = new Map<string, Promise<readonly string[]>>()
  const typesIn = (socket: string) => {
    const types = agents.get(socket) ?? agentTypes(socket)
    agents.set(socket, types)
    return types
  }
  return async target => {
    const known = await readKnown(namesOf(target), target.knownHosts)
    const held = target.agent === null || target.identitiesOnly ? [] : await typesIn(target.agent)
    const files = target.identityFiles.filter(path => existsSync(path))
    const types = await Promise.all(files.map(async path => [path, await publicType(path)] as const))
    const certificates = [...target.beyond.certificateFiles, ...files.map(path => `${path}-cert.pub`)].filter(
      existsSync,
    )
    return {
      certificates: [...certificates, ...held.filter(isCertificate).map(() => 'in the agent')],
      securityKeys: [
        ...types.flatMap(([path, type]) => (isSecurityKey(type) ? [path] : [])),
        ...held.filter(isSecurityKey).map(() => 'in the agent'),
      ],
      plainKey: [...types.map(([, type]) => type), ...held].some(type => !isSecurityKey(type) && !isCertificate(type)),
      authorityOnly: target.pin === null && known.trusted.length === 0 && known.authorities.length > 0,
      keyIsKnown: target.pin !== null || known.trusted.length > 0,
    }
  }
}

function isCertificate(type: string): boolean {
  return type.includes('-cert-')
}

function isSecurityKey(type: string): boolean {
  return type.startsWith('sk-') && !isCertificate(type)
}

/** The type of a key, from the public file beside it; '' where there is none. */
async function publicType(path: string): Promise<string> {
  const text = await readFile(`${path}.pub`, 'utf8').catch(() => '')
  return text.trim().split(/\s+/)[0] ?? ''
}

/** The types of the keys that an agent holds; none when it does not answer. */
function agentTypes(socket: string): Promise<readonly string[]> {
  const env = { ...process.env, SSH_AUTH_SOCK: socket, LC_ALL: 'C' }
  return new Promise(resolve => {
    execFile('ssh-add', ['-L'], { timeout: 5_000, env }, (error, stdout) =>
      resolve(error ? [] : stdout.split('\n').flatMap(line => line.split(' ')[0] || [])),
    )
  })
}
