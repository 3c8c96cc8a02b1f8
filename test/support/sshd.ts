import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Host } from '../../src/inventory/host.js'
import { type Daemon, makeKey, SSHD, startDaemon } from './sshd-daemon.js'

export interface FleetOptions {
  readonly hosts: number
  /** Lines put before ours in the sshd_config of host `i` (1 is h1): sshd takes the first value of a keyword. */
  readonly sshdConfig?: (i: number, at: Place) => readonly string[]
  /** More lines for the ssh_config, after the entries of the hosts. */
  readonly sshConfig?: (fleet: { readonly dir: string; readonly port: (i: number) => number }) => readonly string[]
  /** Key types of every host's sshd; `ed25519` unless said. */
  readonly hostKeys?: readonly ('ed25519' | 'ecdsa' | 'rsa')[]
  /** `NAME=value` for what runs on host `i`. */
  readonly environment?: (i: number) => readonly string[]
  /** Shell lines that host `i` runs as root before its sshd starts, with mounts of its own: nobody else sees what they mount. */
  readonly world?: (i: number, at: Place) => readonly string[]
}

/** Where the fleet is, with the client's key, and where one host is. */
export interface Place {
  readonly dir: string
  readonly folder: string
}

/** Real sshd processes on 127.0.0.1, named h1 … hN. Every `i` counts from 1. */
export interface TestFleet {
  readonly dir: string
  /** For `ssh: { configFile }`: knows h1 … hN, their keys and the client's key. */
  readonly sshConfigFile: string
  readonly knownHosts: string
  /** The client's private key. */
  readonly identityFile: string
  readonly hosts: readonly Host[]
  readonly host: (i: number) => Host
  readonly port: (i: number) => number
  /** Folder of host `i`, for everything it keeps; `deployTo` is inside. */
  readonly folder: (i: number) => string
  /** Path of a public host key. */
  readonly hostKeyFile: (i: number, type?: string) => string
  /** What its sshd logged so far. */
  readonly log: (i: number) => string
  /** How often somebody has connected to it: what sshd says of how connections end may come late. */
  readonly contacts: (i: number) => number
  /** Ends the listener, its sessions and everything that was started in them. */
  readonly stopHost: (i: number) => Promise<void>
  /** Starts it again, on the same port. */
  readonly startHost: (i: number) => Promise<void>
  /** Stops listener, sessions and their children in their tracks (SIGSTOP): packets are acknowledged, nothing answers. */
  readonly freeze: (i: number) => void
  readonly thaw: (i: number) => void
  /** Kills the session processes of sshd only: connections are lost, what runs in them goes on. */
  readonly dropConnections: (i: number) => void
  /** Stops sshd and its sessions, and nothing that runs in them: what is sent is acknowledged, and delivered by `heal`. */
  readonly partition: (i: number) => void
  readonly heal: (i: number) => void
  readonly stop: () => Promise<void>
}

/** Whether tests against sshd can run. In CI they always do: a missing sshd fails there, and is never skipped. */
export function sshdIsHere(): boolean {
  if (existsSync(SSHD) || process.env.CI || process.env.CLONEDEPLOY_SKIP_SSHD !== '1') return true
  process.stderr.write('SKIPPED: tests against a real sshd, because CLONEDEPLOY_SKIP_SSHD=1\n')
  return false
}

export async function startFleet(options: FleetOptions): Promise<TestFleet> {
  if (!existsSync(SSHD)) throw new Error(`${SSHD} is missing. Install it: apt-get install openssh-server`)
  // sshd, as root, chroots its unprivileged part here; the service usually makes it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const dir = await mkdtemp(join(tmpdir(), 'clonedeploy-fleet-'))
  const identityFile = join(dir, 'client')
  await makeKey(identityFile, 'ed25519')
  const daemons: Daemon[] = []
  const killAll = () => {
    for (const each of daemons) each.kill()
  }
  process.once('exit', killAll)
  try {
    await inBatches(options.hosts, 8, async i => {
      daemons[i - 1] = await startDaemon(dir, i, options)
    })
  } catch (error) {
    killAll()
    throw error
  }
  const daemon = (i: number): Daemon => {
    const found = daemons[i - 1]
    if (!found) throw new Error(`the fleet has hosts 1 to ${daemons.length}, not ${i}`)
    return found
  }

  const knownHosts = join(dir, 'known_hosts')
  await writeFile(knownHosts, daemons.flatMap(each => each.knownHostsLines()).join(''))
  const sshConfigFile = join(dir, 'ssh_config')
  const extra = options.sshConfig?.({ dir, port: i => daemon(i).port }) ?? []
  await writeFile(
    sshConfigFile,
    [...daemons.map(each => each.entry(identityFile, knownHosts)), ...extra, ''].join('\n'),
  )

  const stop = async () => {
    process.off('exit', killAll)
    await Promise.all(daemons.map(each => each.stop()))
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const hosts = daemons.map(each => each.host)
  return {
    dir,
    sshConfigFile,
    knownHosts,
    identityFile,
    hosts,
    host: i => daemon(i).host,
    port: i => daemon(i).port,
    folder: i => daemon(i).folder,
    hostKeyFile: (i, type = 'ed25519') => join(daemon(i).folder, `host_${type}.pub`),
    log: i => readFileSync(daemon(i).logFile, 'utf8'),
    contacts: i => readFileSync(daemon(i).logFile, 'utf8').match(/^Connection from /gm)?.length ?? 0,
    stopHost: i => daemon(i).stop(),
    startHost: i => daemon(i).start(),
    freeze: i => daemon(i).signal('SIGSTOP'),
    thaw: i => daemon(i).signal('SIGCONT'),
    dropConnections: i => daemon(i).dropConnections(),
    partition: i => daemon(i).signalSshd('SIGSTOP'),
    heal: i => daemon(i).signalSshd('SIGCONT'),
    stop,
  }
}

async function inBatches(count: number, size: number, make: (i: number) => Promise<void>): Promise<void> {
  for (let first = 1; first <= count; first += size) {
    const batch = Array.from({ length: Math.min(size, count - first + 1) }, (_, n) => make(first + n))
    await Promise.all(batch)
  }
}
