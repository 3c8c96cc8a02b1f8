import { type ChildProcess, execFile, type SpawnOptions, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Host } from '../../src/inventory/host.js'
import { freePort } from './ports.js'
import { descendants, nameOf, signal, withEnvironment } from './processes.js'
import type { FleetOptions } from './sshd.js'

const run = promisify(execFile)
export const SSHD = '/usr/sbin/sshd'

/** One sshd of a test fleet: its folder, its port and what can be done to it. */
export interface Daemon {
  readonly host: Host
  readonly port: number
  readonly folder: string
  readonly logFile: string
  readonly knownHostsLines: () => string[]
  readonly entry: (identityFile: string, knownHosts: string) => string
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
  readonly kill: () => void
  readonly signal: (name: NodeJS.Signals) => void
  readonly dropConnections: () => void
  /** To the listener and its sessions, not to what runs in them. */
  readonly signalSshd: (name: NodeJS.Signals) => void
}

export async function startDaemon(dir: string, i: number, options: FleetOptions): Promise<Daemon> {
  const name = `h${i}`
  const folder = join(dir, name)
  const logFile = join(folder, 'sshd.log')
  const configFile = join(folder, 'sshd_config')
  const types = options.hostKeys ?? ['ed25519']
  const mark = `CLONEDEPLOY_TEST_HOST=${randomBytes(8).toString('hex')}`
  const environment = [mark, ...(options.environment?.(i) ?? [])]
  await mkdir(folder)
  const world = options.world?.(i, { dir, folder }) ?? []
  await Promise.all(types.map(type => makeKey(join(folder, `host_${type}`), type)))

  let port = 0
  let sshd: Listener | null = null
  const start = async () => {
    for (let attempt = 1; ; attempt += 1) {
      const wanted = port || (await freePort())
      const lines = sshdConfig({ folder, dir, port: wanted, types, environment })
      const ours = options.sshdConfig?.(i, { dir, folder }) ?? []
      // sshd starts with no subsystem that is defined twice.
      const sftp = ours.some(line => line.startsWith('Subsystem ')) ? [] : ['Subsystem sftp internal-sftp']
      await writeFile(configFile, [...ours, ...lines, ...sftp, ''].join('\n'))
      const started = await listen([...inWorld(world), SSHD, '-D', '-e', '-f', configFile], logFile)
      if (started) {
        port = wanted
        sshd = started
        return
      }
      if (port !== 0 || attempt === 10) throw new Error(`sshd does not start:\n${await readFile(logFile, 'utf8')}`)
    }
  }
  const processes = () => (sshd ? [...new Set([sshd.pid, ...descendants(sshd.pid), ...withEnvironment(mark)])] : [])
  const sessions = () => (sshd ? descendants(sshd.pid).filter(pid => nameOf(pid).startsWith('sshd')) : [])
  const kill = () => {
    // Stopped first, so that none of them starts another while we look.
    signal(processes(), 'SIGSTOP')
    signal(processes(), 'SIGKILL')
  }
  const stop = async () => {
    kill()
    await sshd?.gone
    sshd = null
  }
  await start()

  const host: Host = { name, host: name, roles: [], deployTo: join(folder, 'app'), env: {} }
  const publicKeys = types.map(type =>
    readFileSync(join(folder, `host_${type}.pub`), 'utf8')
      .split(' ')
      .slice(0, 2)
      .join(' '),
  )
  return {
    host,
    port,
    folder,
    logFile,
    start,
    stop,
    kill,
    knownHostsLines: () => publicKeys.map(key => `[127.0.0.1]:${port} ${key}\n`),
    entry: (identityFile, knownHosts) => sshEntry(name, port, identityFile, knownHosts),
    signal: wanted => signal(processes(), wanted),
    dropConnections: () => signal(sessions(), 'SIGKILL'),
    signalSshd: wanted => signal([...(sshd ? [sshd.pid] : []), ...sessions()], wanted),
  }
}

interface Listener {
  readonly pid: number
  readonly gone: Promise<unknown>
}

/** Starts sshd and waits until it says that it listens; null when it ended instead, because the port was taken in between. */
async function listen([file = '', ...args]: readonly string[], logFile: string): Promise<Listener | null> {
  const log = openSync(logFile, 'a')
  const before = fstatSync(log).size
  const child = spawn(file, args, { stdio: ['ignore', log, log] })
  closeSync(log)
  const pid = child.pid
  if (pid === undefined) throw new Error(`${SSHD} cannot be started`)
  const watchdog = watch(pid)
  const gone = once(child, 'exit').finally(() => watchdog.kill('SIGKILL'))
  while (child.exitCode === null && child.signalCode === null) {
    // A connection to find out would count among those that a test counts.
    if (readFileSync(logFile).subarray(before).includes('Server listening on')) return { pid, gone }
    await sleep(5)
  }
  return null
}

/** What runs a command after these lines, as the same process. */
function inWorld(world: readonly string[]): readonly string[] {
  if (world.length === 0) return []
  return ['unshare', '--mount', 'sh', '-c', ['set -e', ...world, 'exec "$@"'].join('\n'), 'world']
}

/** Ends sshd when this process dies without a word: the pipe that it holds closes then. */
function watch(pid: number): ChildProcess {
  const script = 'read -r _; kill -9 "$1"'
  const options: SpawnOptions = { stdio: ['pipe', 'ignore', 'ignore'], detached: true }
  return spawn('/bin/sh', ['-c', script, 'watchdog', String(pid)], options)
}

function sshdConfig(daemon: {
  folder: string
  dir: string
  port: number
  types: readonly string[]
  environment: readonly string[]
}): string[] {
  return [
    `ListenAddress 127.0.0.1`,
    `Port ${daemon.port}`,
    ...daemon.types.map(type => `HostKey ${join(daemon.folder, `host_${type}`)}`),
    `AuthorizedKeysFile ${join(daemon.dir, 'client.pub')}`,
    // SHLVL keeps bash from reading this machine's own ~/.bashrc, which may be slow or noisy.
    `SetEnv ${daemon.environment.join(' ')} SHLVL=2`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin prohibit-password',
    'PrintMotd no',
    'LogLevel VERBOSE',
  ]
}

function sshEntry(name: string, port: number, identityFile: string, knownHosts: string): string {
  return [
    `Host ${name}`,
    '  HostName 127.0.0.1',
    `  Port ${port}`,
    `  User ${userInfo().username}`,
    `  IdentityFile ${identityFile}`,
    '  IdentitiesOnly yes',
    '  IdentityAgent none',
    `  UserKnownHostsFile ${knownHosts}`,
    '  GlobalKnownHostsFile /dev/null',
    '',
  ].join('\n')
}

export async function makeKey(file: string, type: string): Promise<void> {
  const bits = type === 'rsa' ? ['-b', '2048'] : []
  await run('ssh-keygen', ['-q', '-t', type, ...bits, '-N', '', '-C', 'clonedeploy test', '-f', file])
}
