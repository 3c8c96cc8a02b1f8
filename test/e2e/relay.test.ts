import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { four, onFleet } from '../support/on-fleet.js'
import { freePort } from '../support/ports.js'
import { sshdIsHere } from '../support/sshd.js'

const listOf = (dir: string) => (existsSync(dir) ? readdirSync(dir) : [])

/** Text that stays as large as this when it is zipped. */
const noise = (bytes: number) => randomBytes(bytes).toString('base64')

describe.skipIf(!sshdIsHere())('a relay', () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-relay-'))
  const bin = (i: number) => join(dir, `h${i}`)
  const here = onFleet({ hosts: 4, environment: i => [`PATH=${bin(i)}:${process.env.PATH}`] })
  let port = 0
  let blocker: Server | null = null
  beforeEach(async () => {
    for (const i of four) {
      rmSync(bin(i), { recursive: true, force: true })
      mkdirSync(bin(i), { recursive: true })
    }
    port = await freePort()
    here.project.write({ 'app/large': noise(3e6) })
    here.project.configure({ relay: { port } })
  })
  afterEach(() => {
    blocker?.close()
    blocker = null
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  /** Puts a program before the host's own. */
  const program = (i: number, name: string, text: string) =>
    writeFileSync(join(bin(i), name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  /** Deploys; bytes sent to each host in MB, and what was warned of. */
  async function deploy() {
    const { code, stderr } = await here.project.run('deploy -v')
    const sent = [...stderr.matchAll(/· h\d .* ([\d.]+) (k?M?B) sent/g)].map(([, n, unit]) =>
      unit === 'MB' ? Math.round(Number(n)) : 0,
    )
    const warned = stderr.split('\n').filter(line => /^ +! .*(sent from here|could not hand)/.test(line))
    return { code, sent, warned, stderr }
  }
  const releases = () => four.map(i => here.project.releases(i).length)
  const whole = async () => {
    expect((await here.project.run('status --verify')).code).toBe(0)
    // Nothing of it is left: no copy, no key, nothing that listens.
    expect(four.flatMap(i => readdirSync(here.project.on(i, '.clonedeploy/incoming')))).toEqual([])
    const inTransactions = (i: number) => {
      const tx = here.project.on(i, '.clonedeploy/tx')
      return readdirSync(tx).flatMap(one => readdirSync(join(tx, one)))
    }
    const odd = ['payload', 'kept', 'relay', 'key', 'known']
    expect(four.flatMap(inTransactions).filter(name => odd.includes(name))).toEqual([])
    await expect.poll(listens).toBe(false)
  }
  // By a connection: whoever tries to listen there may be what keeps a host from it.
  const listens = () =>
    new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
        .on('error', () => resolve(false))
        .on('connect', () => {
          socket.destroy()
          resolve(true)
        })
    })

  it('sends the files to one host, and the others get them from it', async () => {
    const dry = await here.project.run('deploy --dry-run')
    expect(dry.stdout).toMatch(new RegExp(`! h1 +hand the files on to 3 hosts, at port ${port}`))
    expect(await deploy()).toMatchObject({ code: 0, sent: [3, 0, 0, 0], warned: [] })
    await whole()
    // A change of its half is fetched by the same way, beside what the hosts have.
    here.project.write({ 'app/other': noise(2e6) })
    expect(await deploy()).toMatchObject({ code: 0, sent: [2, 0, 0, 0], warned: [] })
    await whole()
    expect(releases()).toEqual([2, 2, 2, 2])
  })

  exhaustively('that cannot listen is done without', async () => {
    blocker = createServer().listen(port, '127.0.0.1')
    const { code, sent, warned } = await deploy()
    expect([code, sent]).toEqual([0, [3, 3, 3, 3]])
    expect(warned).toEqual([expect.stringMatching(/h1: could not hand the files on: .*Address already in use/)])
    blocker.close()
    await whole()
  })

  exhaustively.each([
    ['is not there', 'exit 127', /h3: sent from here, not fetched from h1: ssh ended with exit code 127/],
    [
      'finds no way',
      'echo "ssh: connect to host h1 port 22022: Connection timed out" >&2; exit 255',
      /not fetched from h1: ssh: connect to host .* timed out/,
    ],
    [
      'breaks off',
      'PATH=/usr/bin:/bin; ssh "$@" | head -c 100000; echo "Connection reset" >&2; exit 255',
      /not fetched from h1: Connection reset/,
    ],
    [
      'brings other bytes',
      'PATH=/usr/bin:/bin; ssh "$@" >/dev/null; echo other | gzip',
      /not fetched from h1: what it handed on is not what was sent/,
    ],
  ])('whose ssh on one host %s sends the files to that host itself', async (_, text, why) => {
    program(3, 'ssh', text)
    const { code, sent, warned } = await deploy()
    expect([code, sent]).toEqual([0, [3, 0, 3, 0]])
    expect(warned).toEqual([expect.stringMatching(why)])
    await whole()
  })

  exhaustively('brings other files that look like the right ones to nobody', async () => {
    // The same archive, but for a byte of a file in it.
    program(3, 'ssh', 'PATH=/usr/bin:/bin; ssh "$@" | gzip -dc | sed "s/serve()/swerv()/" | gzip')
    expect(await deploy()).toMatchObject({
      code: 0,
      sent: [3, 0, 3, 0],
      warned: [expect.stringContaining('what it handed on is not what was sent')],
    })
    await whole()
  })

  exhaustively.each([
    ['is talkative', 'echo Welcome; PATH=/usr/bin:/bin; exec ssh "$@"', '', [3, 0, 0, 0], []],
    [
      'never stops',
      'PATH=/usr/bin:/bin; exec head -c 50000000 /dev/zero',
      '',
      [3, 0, 3, 0],
      [/ssh ended with exit code/],
    ],
    ['says nothing', 'exec /bin/sleep 1000', 'exec /bin/sleep 0.05', [3, 0, 3, 0], [/nothing came for a minute/]],
  ])('from a seed that %s', async (_, ssh, sleep, wanted, why) => {
    program(3, 'ssh', ssh)
    if (sleep !== '') program(3, 'sleep', sleep)
    const { code, sent, warned } = await deploy()
    expect([code, sent, warned]).toEqual([0, wanted, why.map(words => expect.stringMatching(words))])
    await whole()
  })

  exhaustively('sends nothing more to anybody when it is told to stop before the seed listens', async () => {
    program(1, 'ssh-keygen', 'exec /bin/sleep 5')
    const { child, ended } = here.project.start('deploy -v')
    await expect.poll(() => listOf(here.project.on(1, '.clonedeploy/incoming')).length, { timeout: 60_000 }).toBe(1)
    child.kill('SIGINT')
    const { code, stderr } = await ended
    expect([code, releases()]).toEqual([3, [0, 0, 0, 0]])
    expect([...stderr.matchAll(/· h[2-4] .* kB sent/g)]).toHaveLength(3)
    expect(stderr).not.toMatch(/sent from here|could not hand|h[2-4] .*unpack/)
  })

  exhaustively('whose seed has no room for a copy lets nobody wait', async () => {
    program(1, 'tee', 'cat')
    const { code, sent, warned } = await deploy()
    expect([code, sent]).toEqual([0, [3, 3, 3, 3]])
    expect(warned).toEqual([
      expect.stringMatching(/h2, h3, h4: sent from here, not fetched from h1: what it had was not everything/),
    ])
    await whole()
  })

  exhaustively('whose seed cannot take the files ends as any deploy does', async () => {
    program(1, 'tar', 'head -c 1000 >/dev/null; exit 1')
    const { code, stderr } = await deploy()
    expect([code, releases()]).toEqual([3, [0, 0, 0, 0]])
    expect(stderr).toMatch(
      /Deploy failed on h1. Nothing was swapped: all 4 hosts still serve no release.\n\n +h1 +push: the files could not be written/,
    )
    await expect.poll(listens).toBe(false)
  })

  exhaustively.each(['SIGTERM', 'SIGKILL'] as const)('ends with its controller, also by %s', async signal => {
    program(2, 'ssh', 'exec sleep 60')
    const { child, ended } = here.project.start('deploy -v')
    await expect.poll(listens, { timeout: 60_000 }).toBe(true)
    await expect.poll(() => listOf(here.project.on(2, '.clonedeploy/incoming')).length, { timeout: 60_000 }).toBe(1)
    child.kill(signal)
    await ended
    await expect.poll(listens, { timeout: 60_000 }).toBe(false)
  })
})
