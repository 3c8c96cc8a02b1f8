import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { listens } from './listens.js'
import { freePort, programPath, start, until } from './processes.js'

/** A host: an sshd on a port of its own, a folder for its app, a port for that, and two more. */
export async function startHost(dir, name, keep) {
  const folder = join(dir, name)
  const deployTo = join(folder, 'shop')
  mkdirSync(join(deployTo, 'shared'), { recursive: true })
  makeKey(join(folder, 'host'))
  // As root, sshd wants this folder, which its service makes.
  if (process.getuid() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
  const [sshPort, port, ...ports] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const config = join(folder, 'sshd_config')
  writeFileSync(config, sshdConfig(dir, folder, sshPort))
  const sshd = keep(start('sshd', ['-D', '-e', '-f', config], { log: join(folder, 'sshd.log') }))
  await until(() => listens(sshPort), sshd)
  return { name, sshPort, port, ports, deployTo }
}

/** How ssh reaches it. */
export function sshEntry({ name, sshPort }, dir) {
  const knownHosts = join(dir, name, 'known_hosts')
  const [type, key] = readFileSync(join(dir, name, 'host.pub'), 'utf8').split(' ')
  writeFileSync(knownHosts, `[127.0.0.1]:${sshPort} ${type} ${key}\n`)
  return `Host ${name}
  HostName 127.0.0.1
  Port ${sshPort}
  User ${userInfo().username}
  IdentityFile ${join(dir, 'client')}
  IdentitiesOnly yes
  IdentityAgent none
  UserKnownHostsFile ${knownHosts}
  GlobalKnownHostsFile /dev/null
`
}

export function makeKey(file) {
  execFileSync(programPath('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-C', 'demo', '-f', file])
}

function sshdConfig(dir, folder, port) {
  return `ListenAddress 127.0.0.1
Port ${port}
HostKey ${join(folder, 'host')}
AuthorizedKeysFile ${join(dir, 'client.pub')}
# This Node for the app, wherever it is. SHLVL keeps bash from reading the ~/.bashrc of this machine.
SetEnv PATH=${process.env.PATH} SHLVL=2
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
PrintMotd no
`
}
