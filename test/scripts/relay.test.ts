import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Artifact } from '../../src/artifact/artifact.js'
import { packFolder } from '../../src/artifact/pack.js'
import { type NewKey, newKey } from '../../src/connection/ssh2/key-types.js'
import { relay, type Seed, seedIn } from '../../src/scripts/prepare/relay.js'
import { type Delivery, unpack } from '../../src/scripts/prepare/unpack.js'
import { codes } from '../../src/scripts/shell/codes.js'
import { script } from '../../src/scripts/shell/shell.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { fill, nothingShared, read } from '../artifact/folders.js'
import { freePort } from '../support/ports.js'
import { folder, place, run, type Shell, type Started, shells, start, until } from '../support/scripts.js'
import { sshdIsHere } from '../support/sshd.js'
import { SSHD } from '../support/sshd-daemon.js'
import { succeed } from './staged.js'

const release = '20260102-030405-aaaaaaa'
const X = '.clonedeploy/tx/t1'

describe.skipIf(!sshdIsHere()).each(shells)('relay under $name', shell => {
  let key: NewKey
  let artifact: Artifact
  let sum = ''
  let size = 0
  beforeAll(async () => {
    if (!existsSync(SSHD)) throw new Error(`${SSHD} is missing. Install it: apt-get install openssh-server`)
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    key = await newKey()
    const dir = fill(folder(), { version: 'one', 'lib/big': 'x'.repeat(3e6) })
    artifact = await packFolder({ dir, include: null, shared: nothingShared, cacheDir: folder() })
    const { data } = await artifact.payload(null, release)
    size = data.length
    sum = createHash('sha256').update(data).digest('hex')
  })
  // What ssh and sshd are is not up to the shell.
  const env = { PATH: `${shell.path}:/usr/bin:/bin`, SSH_CONNECTION: '127.0.0.1 9 127.0.0.1 22' }

  async function host(): Promise<string> {
    const root = folder('a shop')
    await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
    return root
  }

  /** A host that hands on, or shall: what it says first. */
  async function seedOn(root: string, wanted?: number, more: Readonly<Record<string, string>> = {}) {
    const port = await freePort()
    const bytes = wanted ?? size
    const waiting = start(relay(place(root), { port, publicLine: key.publicLine, size: bytes, takers: 3 }), shell, {
      env: { ...env, ...more },
    })
    const said = await waiting.line()
    const seed = seedIn(said, port) as Seed
    return { waiting, said, seed }
  }

  const bring = async (root: string, way: Delivery, other: Shell = shell) => {
    const { digest } = artifact
    const what = { release, base: null, unchanged: 'copy', digest, revision: 'c0ffee', shared: nothingShared } as const
    return run(unpack(place(root), what, await artifact.payload(null, release), way), other, { env })
  }
  const fetchFrom = (seed: Seed): Delivery => ({ seed, key: Buffer.from(key.text), sum, size })
  const listens = (port: number) =>
    new Promise(resolve => {
      const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
      socket.on('close', () => socket.destroy())
    })
  const givesOn = (root: string) => {
    const args = (pid: string) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
      } catch {
        return ''
      }
    }
    return readdirSync('/proc').some(pid => args(pid).includes(`${root}/${X}/relay/give`))
  }
  const ends = async ({ waiting, seed }: { waiting: Started; seed: Seed }) => {
    expect((await waiting.result).code).toBe(0)
    await expect.poll(() => listens(seed.port)).toBe(false)
  }

  it('hands on what comes while it comes: another host has the same, and nothing else is left', async () => {
    const [one, two] = [await host(), await host()]
    const at = await seedOn(one)
    const fetching = bring(two, fetchFrom(at.seed))
    await until(() => existsSync(join(two, X, 'key')), 'it fetches')
    await succeed(bring(one, 'sent and kept'))
    await succeed(fetching)
    expect(read(join(two, 'releases', release))).toEqual(read(join(one, 'releases', release)))
    at.waiting.send('end')
    await ends(at)
    expect([one, two].map(root => readdirSync(join(root, X)))).toEqual([['made'], ['made']])
  })

  it('ends when our end of the line is lost, and lets nobody wait for what it has not', async () => {
    const [one, two] = [await host(), await host()]
    const at = await seedOn(one)
    const fetching = bring(two, fetchFrom(at.seed))
    await until(() => existsSync(join(two, X, 'key')), 'it fetches')
    await until(() => givesOn(one), 'it waits for what comes')
    at.waiting.hangUp()
    await ends(at)
    const { code, stderr } = await fetching
    expect([code, stderr]).toEqual([codes.relay, expect.stringMatching(/^.*(was not everything|No such file)\n$/)])
    expect(existsSync(join(two, 'releases', release))).toBe(false)
  })

  it('ends when the holder of the lock is not heard of any more, also for who waits', async () => {
    const [root, two] = [await host(), await host()]
    const at = await seedOn(root)
    const fetching = bring(two, fetchFrom(at.seed))
    await until(() => givesOn(root), 'it waits for what comes')
    await succeed(
      run(
        script('age', [
          `touch -d '2 minutes ago' '${root}'/.clonedeploy/epochs/*/lease || touch -d @1 '${root}'/.clonedeploy/epochs/*/lease`,
        ]),
        shell,
      ),
    )
    await expect.poll(() => listens(at.seed.port), { timeout: 60_000 }).toBe(false)
    expect((await fetching).code).toBe(codes.relay)
    at.waiting.hangUp()
  })

  it('says so when it has not everything', async () => {
    const one = await host()
    const at = await seedOn(one)
    writeFileSync(join(one, X, 'payload'), (await artifact.payload(null, release)).data.subarray(0, 1000))
    writeFileSync(join(one, X, 'kept'), '')
    const { code, stderr } = await bring(await host(), fetchFrom(at.seed))
    expect([code, stderr]).toEqual([codes.relay, 'what it had was not everything\n'])
    at.waiting.hangUp()
  })

  it('refuses other bytes, another key and another host', async () => {
    const [one, other] = [await host(), await newKey()]
    const at = await seedOn(one)
    const payload = join(one, X, 'payload')
    writeFileSync(payload, Buffer.alloc(size))
    writeFileSync(join(one, X, 'kept'), '')
    const garbage = await bring(await host(), fetchFrom(at.seed))
    expect(garbage).toMatchObject({ code: codes.relay, stderr: 'what it handed on is not what was sent\n' })
    const stranger = await bring(await host(), { seed: at.seed, key: Buffer.from(other.text), sum, size })
    expect(stranger).toMatchObject({
      code: codes.relay,
      stderr: expect.stringContaining('Permission denied (publickey).'),
    })
    const impostor = await bring(await host(), fetchFrom({ ...at.seed, hostKey: other.publicLine }))
    expect(impostor).toMatchObject({ code: codes.relay, stderr: expect.stringContaining('verification failed') })
    at.waiting.hangUp()
  })

  it('runs nothing but this for who has the key', async () => {
    const root = await host()
    const at = await seedOn(root, 5)
    writeFileSync(join(root, X, 'payload'), 'bytes')
    const file = join(folder(), 'key')
    writeFileSync(file, key.text)
    chmodSync(file, 0o600)
    const options = [
      '-F',
      '/dev/null',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      '-o',
      'LogLevel=ERROR',
    ]
    const { port, user } = at.seed
    const ssh = (...args: string[]) =>
      promisify(execFile)('ssh', [...options, '-i', file, '-p', String(port), '-l', user, ...args], { timeout: 10_000 })
    expect((await ssh('127.0.0.1', 'id')).stdout).toBe('bytes')
    await expect(
      ssh('-N', '-L', `${await freePort()}:127.0.0.1:22`, '-W', '127.0.0.1:22', '127.0.0.1'),
    ).rejects.toThrow()
    await expect(ssh('-s', '127.0.0.1', 'sftp')).rejects.toThrow('subsystem request failed')
    at.waiting.hangUp()
  })

  it.each([
    ['its address is not known', { SSH_CONNECTION: '' }],
    ['Bind to port', { SSH_CONNECTION: '127.0.0.1 9 192.0.2.1 22' }],
  ])('says why it cannot: %s', async (why, more) => {
    const root = await host()
    const { waiting, said } = await seedOn(root, 5, more)
    expect(said).toBe(null)
    expect(await waiting.result).toMatchObject({ code: codes.relay, stderr: expect.stringContaining(why) })
    expect(existsSync(join(root, X, 'relay'))).toBe(false)
  })
})

const key = `ssh-ed25519 ${'A'.repeat(67)}=`

it.each([
  ['127.0.0.1', 'deploy'],
  ['2001:db8::1', 'deploy'],
  ['10.0.0.1', 'CORP\\anna.b'],
])('a seed at %s of %s is one', (address, user) => {
  expect(seedIn(`serving ${address} ${user} ${key}`, 5)).toEqual({ address, port: 5, user, hostKey: key })
})

it.each([
  '-oProxyCommand=id deploy ssh-ed25519 AAAA',
  'web-1 deploy ssh-ed25519 AAAA',
  '10.0.0.1 -oProxyCommand=id ssh-ed25519 AAAA',
  '10.0.0.1 deploy ssh-rsa AAAA',
  '10.0.0.1 deploy ssh-ed25519 AAAA more',
])('a seed that says %s is none', said => {
  expect(seedIn(`serving ${said}`, 5)).toBe(null)
})
