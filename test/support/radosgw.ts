import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { installed } from './installed.js'
import { freePort } from './ports.js'

/** A real S3 server: Ceph's gateway before one monitor and one disk in memory, as processes of the test's own. */
export interface Radosgw {
  readonly endpoint: string
  /** Credentials as the SDK finds them. */
  readonly env: Readonly<Record<string, string>>
  readonly stop: () => void
}

export async function startRadosgw(): Promise<Radosgw> {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-ceph-'))
  const [monitor, port] = [await freePort(), await freePort()]
  const children: ChildProcess[] = []
  const stop = () => {
    for (const child of children) child.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  }
  process.once('exit', stop)
  try {
    await startCluster(dir, monitor, port, children)
  } catch (error) {
    stop()
    throw error
  }
  return {
    endpoint: `http://127.0.0.1:${port}`,
    env: { AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: 'SECRET', AWS_REGION: 'us-east-1' },
    stop,
  }
}

async function startCluster(dir: string, monitor: number, port: number, children: ChildProcess[]): Promise<void> {
  for (const name of ['mon', 'osd', 'rgw', 'run']) mkdirSync(join(dir, name))
  const [config, keyring, fsid] = [join(dir, 'ceph.conf'), join(dir, 'keyring'), randomUUID()]
  writeFileSync(config, configuration(dir, fsid, monitor, port))
  const env = { ...process.env, CEPH_CONF: config }
  const run = (name: string, ...args: readonly string[]) =>
    execFileSync(installed(name), args, { encoding: 'utf8', env, timeout: 60_000, stdio: ['ignore', 'pipe', 'pipe'] })
  const start = (name: string, ...args: readonly string[]) =>
    children.push(spawn(installed(name), ['-c', config, ...args, '-f'], { env, stdio: 'ignore' }))
  const ceph = (...args: readonly string[]) => run('ceph', '-c', config, '--connect-timeout', '20', ...args)
  run('ceph-authtool', '--create-keyring', keyring, '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *')
  run('ceph-authtool', keyring, '--gen-key', '-n', 'client.admin', '--cap', 'mon', 'allow *', '--cap', 'osd', 'allow *')
  const map = join(dir, 'monmap')
  run('monmaptool', '--create', '--clobber', '--fsid', fsid, '--addv', 'a', `[v1:127.0.0.1:${monitor}]`, map)
  run('ceph-mon', '-c', config, '-i', 'a', '--mkfs', '--monmap', map, '--keyring', keyring)
  start('ceph-mon', '-i', 'a')
  // Without the identity that `osd new` gives, the disk stays "booting".
  const id = randomUUID()
  ceph('osd', 'new', id)
  const osdKey = ceph('auth', 'get-or-create', 'osd.0', 'mon', 'allow profile osd', 'osd', 'allow *')
  writeFileSync(join(dir, 'osd/keyring'), osdKey)
  const gateKey = ceph('auth', 'get-or-create', 'client.rgw', 'mon', 'allow rw', 'osd', 'allow rwx')
  writeFileSync(keyring, gateKey, { flag: 'a' })
  run('ceph-osd', '-c', config, '-i', '0', '--mkfs', '--osd-uuid', id, '--keyring', join(dir, 'osd/keyring'))
  start('ceph-osd', '-i', '0', '--keyring', join(dir, 'osd/keyring'))
  await until('the disk is up', children, () => /1 up/.test(ceph('osd', 'stat')))
  start('radosgw', '-n', 'client.rgw', '--keyring', keyring)
  await until('the gateway answers', children, async () => (await fetch(`http://127.0.0.1:${port}/`)).ok)
  const user = ['--uid', 't', '--display-name', 't', '--access-key', 'KEY', '--secret-key', 'SECRET']
  run('radosgw-admin', '-c', config, 'user', 'create', ...user)
}

async function until(
  what: string,
  children: readonly ChildProcess[],
  isSo: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let tries = 0; tries < 240; tries++) {
    const dead = children.find(({ exitCode }) => exitCode !== null)
    if (dead !== undefined) throw new Error(`${dead.spawnargs.join(' ')} ended before ${what}`)
    if (await Promise.resolve(isSo()).catch(() => false)) return
    await sleep(500)
  }
  throw new Error(`not within two minutes: ${what}`)
}

/** cephx stays on: without it the gateway ends with -13. One disk keeps one copy of everything. */
function configuration(dir: string, fsid: string, monitor: number, port: number): string {
  return `[global]
fsid = ${fsid}
mon host = [v1:127.0.0.1:${monitor}]
mon initial members = a
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = ${dir}/keyring
run dir = ${dir}/run
admin socket = ${dir}/run/$name.asok
log file = ${dir}/$name.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
mon allow pool size one = true
mon data avail warn = 1
mon data avail crit = 1
ms bind msgr2 = false
mon warn on pool no redundancy = false
auth allow insecure global id reclaim = true
[mon.a]
mon data = ${dir}/mon
[osd.0]
osd data = ${dir}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${port}
rgw data = ${dir}/rgw
rgw enable usage log = false
`
}
