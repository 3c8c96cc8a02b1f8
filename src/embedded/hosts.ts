import { randomBytes } from 'node:crypto'
import { mkdir, realpath, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Host } from '../inventory/host.js'
import { appPort } from './apps.js'
import { type KeyPair, keyPair } from './keys.js'
import { loginName, surroundings } from './session.js'
import { type EmbeddedHost, knownHostsText, sshConfigText } from './ssh-files.js'
import { type HostServer, startHostServer } from './ssh-server.js'
import { stopScript } from './stop-apps.js'

export interface EmbeddedFleet {
  readonly hosts: readonly EmbeddedHost[]
  readonly login: string
  readonly identityFile: string
  readonly knownHostsFile: string
  /** An ssh_config that names the hosts: `ssh -F FILE web-1`. */
  readonly configFile: string
  /** Ends every connection and all hosts. What they started (the apps) stays up, as on a real host. */
  readonly close: () => Promise<void>
}

/** SSH hosts inside this process, on the loopback; keys, homes and app ports are kept in `dir` for the next time. */
export async function startEmbeddedHosts(options: { count: number; dir: string }): Promise<EmbeddedFleet> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 })
  const dir = await realpath(options.dir)
  const client = await keyPair(join(dir, 'client.key'))
  const started: Started[] = []
  const close = async () => {
    for (const { server } of started) await server.close()
  }
  try {
    for (let n = 1; n <= options.count; n++) started.push(await startHost(dir, `web-${n}`, client, started))
    return { ...(await writeFiles(dir, started)), hosts: started.map(({ host }) => host), close }
  } catch (error) {
    await close()
    throw error
  }
}

interface Started {
  readonly host: EmbeddedHost
  readonly key: KeyPair
  readonly server: HostServer
}

async function startHost(dir: string, name: string, client: KeyPair, others: readonly Started[]): Promise<Started> {
  const home = join(dir, name)
  await mkdir(home, { recursive: true, mode: 0o700 })
  const port = await appPort(
    dir,
    name,
    others.map(({ host }) => host.appPort),
  )
  const key = await keyPair(join(dir, `${name}.key`))
  const login = { name: loginName(), key: client.key }
  const server = await startHostServer(login, key.text, surroundings(name, home, port))
  return { host: { name, port: server.port, home, hostKey: key.fingerprint, appPort: port }, key, server }
}

async function writeFiles(dir: string, started: readonly Started[]): Promise<Omit<EmbeddedFleet, 'hosts' | 'close'>> {
  const files = {
    login: loginName(),
    identityFile: join(dir, 'client.key'),
    knownHostsFile: join(dir, 'known_hosts'),
    configFile: join(dir, 'ssh_config'),
  }
  const keys = new Map(started.map(({ host, key }) => [host.name, key.publicLine]))
  const hosts = started.map(({ host }) => host)
  await replace(files.knownHostsFile, knownHostsText(keys))
  await replace(files.configFile, sshConfigText(hosts, files))
  await replace(join(dir, 'stop'), stopScript, 0o700)
  return files
}

/** Writes a file whole: another run that reads or writes it at the same time has the old text or a new one, never half. */
export async function replace(file: string, text: string, mode = 0o600): Promise<void> {
  const temporary = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(temporary, text, { mode })
  await rename(temporary, file)
}

/** The hosts of a configuration, with what it takes to reach them by ssh while the fleet is up. */
export function embeddedHosts(hosts: readonly Host[], fleet: EmbeddedFleet): readonly Host[] {
  return hosts.map(host => {
    const up = fleet.hosts.find(({ name }) => name === host.name)
    if (up === undefined) throw new Error(`${host.name} is not one of the embedded hosts`)
    return {
      ...host,
      host: '127.0.0.1',
      port: up.port,
      user: fleet.login,
      identityFile: fleet.identityFile,
      hostKey: up.hostKey,
      env: { APP_PORT: String(up.appPort), ...host.env },
    }
  })
}
