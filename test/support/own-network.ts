import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { busybox } from './scripts.js'
import { SSHD } from './sshd-daemon.js'

const unshare = process.getuid?.() === 0 ? ['unshare', '--net'] : ['unshare', '--net', '--map-root-user']

/** Whether a login can have a network of its own here: tests that need it are skipped, and say so. */
export function canHaveNetwork(): boolean {
  const [file = '', ...args] = unshare
  try {
    execFileSync(file, [...args, busybox, 'ifconfig', 'lo', 'up'], { stdio: 'pipe' })
    return true
  } catch {
    process.stderr.write('SKIPPED: hosts with a loopback of their own, because none can be made here (root can)\n')
    return false
  }
}

/**
 * For an ssh_config: each connection to a host begins an sshd in a network of its own, as no two machines share their
 * loopback. What it starts stays in that network.
 */
export function withOwnNetwork(dir: string, names: readonly string[]): readonly string[] {
  return names.flatMap(name => {
    const serve = `${busybox} ifconfig lo up && exec ${SSHD} -i -f ${join(dir, name, 'sshd_config')}`
    return [`Host ${name}`, `  ProxyCommand ${unshare.join(' ')} sh -c '${serve}'`]
  })
}
