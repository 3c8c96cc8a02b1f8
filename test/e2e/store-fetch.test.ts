import { randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { installed } from '../support/installed.js'
import { ageLocks } from '../support/lease.js'
import { all, four, onFleet } from '../support/on-fleet.js'
import { freePort } from '../support/ports.js'
import { type Asked, anyCredentials, type Fault, type S3Server, startS3 } from '../support/s3-server.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

/** Text that stays as large as this when it is zipped. */
const noise = (bytes: number) => randomBytes(bytes).toString('base64')
const last = four.length
const isFetch = ({ method }: Asked) => method === 'FETCH'

describe.skipIf(!sshdIsHere())('hosts with a store', () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-fetch-'))
  const bare = join(dir, 'bare')
  const bin = (i: number) => join(dir, `h${i}`)
  /** The last host has nothing to fetch with. */
  const path = (i: number) => (i === last ? bare : `${bin(i)}:${process.env.PATH}`)
  const here = onFleet({ hosts: four.length, environment: i => [`PATH=${path(i)}`] })
  const some = (which: readonly number[]) => which.map(i => ({ name: `h${i}`, deployTo: here.project.on(i) }))
  let s3: S3Server
  const configure = (more: object = {}) =>
    here.project.configure({ hosts: some(all), store: { s3: { bucket: 'acme', endpoint: s3.endpoint } }, ...more })

  beforeAll(() => {
    installed('curl')
    mkdirSync(bare)
    for (const from of ['/usr/bin', '/bin', '/usr/sbin', '/sbin'])
      for (const name of readdirSync(from))
        if (!/^(curl|wget)$/.test(name) && !existsSync(join(bare, name)))
          symlinkSync(join(from, name), join(bare, name))
  })
  beforeEach(async () => {
    for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
    for (const i of all) {
      rmSync(bin(i), { recursive: true, force: true })
      mkdirSync(bin(i), { recursive: true })
    }
    s3 = await startS3()
    here.project.write({ 'app/large': noise(3e6) })
    configure()
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    await s3.stop()
  })
  afterAll(() => rmSync(dir, { recursive: true }))

  /** Puts a program before the host's own. */
  const program = (i: number, name: string, text: string) =>
    writeFileSync(join(bin(i), name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  /** Deploys; bytes sent to each host in MB, how many fetched, and what was warned of. */
  async function deploy(command = 'deploy -v', env: Record<string, string> = {}) {
    s3.asked.length = 0
    const { code, stdout, stderr } = await here.project.run(command, { env })
    const sent = [...stderr.matchAll(/· h\d .* ([\d.]+) (k?M?B) sent/g)].map(([, n, unit]) =>
      unit === 'MB' ? Math.round(Number(n)) : 0,
    )
    const warned = stderr.split('\n').filter(line => /^ +! .*(fetch|may still hold)/.test(line))
    return { code, sent, fetched: s3.asked.filter(isFetch).length, warned, text: stdout + stderr }
  }
  const parcels = () => [...s3.objects.keys()].filter(key => key.includes('/parcels/'))
  const whole = async () => {
    expect((await here.project.run('status --verify')).code).toBe(0)
    const incoming = four.map(i => here.project.on(i, '.clonedeploy/incoming')).filter(existsSync)
    expect(incoming.flatMap(path => readdirSync(path))).toEqual([])
    expect(parcels()).toEqual([])
  }

  it('fetch what is much, the whole of a release and the difference to another, and are sent what is little', async () => {
    const dry = await here.project.run('deploy --dry-run')
    expect(dry.stdout).toMatch(/! each +fetch the files from s3:\/\/acme\n/)
    expect(await deploy()).toMatchObject({ code: 0, sent: [0, 0, 0], fetched: 3, warned: [] })
    await whole()
    here.project.write({ 'app/other': noise(2e6) })
    expect(await deploy()).toMatchObject({ code: 0, sent: [0, 0, 0], fetched: 3, warned: [] })
    const inParcels = s3.asked.filter(({ key }) => key.includes('/parcels/')).map(({ method }) => method)
    expect(inParcels).toEqual(['PUT', 'FETCH', 'FETCH', 'FETCH', 'DELETE'])
    await whole()
    here.project.write({ 'app/version': 'small\n' })
    expect(await deploy()).toMatchObject({ code: 0, sent: [0, 0, 0], fetched: 0, warned: [] })
    await whole()
  })

  /** Only what the first host asks for goes wrong. */
  const once = (fault: Fault) => (asked: Asked, nth: number) => (isFetch(asked) && nth === 1 ? fault : null)
  const oneSent = (sent: readonly number[]) => [...sent].sort()

  it.each<[string, Fault, RegExp]>([
    ['refuses it', 403, /h\d: sent from here, not fetched from s3:\/\/acme: curl: \(22\) .* 403$/],
    ...exhaustive<[string, Fault, RegExp]>([
      ['brings other bytes', 'other', /not fetched from s3:\/\/acme: what it handed on is not what was sent$/],
      ['has an error', 500, /curl: \(22\) .* 500$/],
      ['has lost the files', 404, /curl: \(22\) .* 404$/],
      ['breaks off', 'half', /curl: \(18\) /],
      ['is silent', 'silent', /curl: \(28\) Operation too slow/],
    ]),
  ])('are sent their files where that %s', async (_, fault, why) => {
    s3.fault = once(fault)
    const { code, sent, fetched, warned } = await deploy()
    expect([code, oneSent(sent), fetched]).toEqual([0, [0, 0, 3], 3])
    expect(warned).toEqual([expect.stringMatching(why)])
    s3.fault = () => null
    await whole()
  })

  exhaustively('are sent their files where they have no program to fetch them, or it finds no way', async () => {
    configure({ hosts: some(four) })
    program(2, 'curl', 'echo "curl: (7) Failed to connect to s3 port 443" >&2; exit 7')
    const { code, sent, fetched, warned } = await deploy()
    expect([code, sent, fetched]).toEqual([0, [0, 3, 0, 3], 2])
    expect(warned.map(line => line.trim())).toEqual([
      '! h4: could not fetch from s3://acme: no curl there, and no wget that would do',
      '! h2: sent from here, not fetched from s3://acme: curl: (7) Failed to connect to s3 port 443',
    ])
    await whole()
  })

  it('keep the address to themselves: it is in no list of processes, output, event or log', async () => {
    const [listed, given] = [join(dir, 'ps'), join(dir, 'given')]
    program(1, 'curl', `cat >${given}; ps axww -o args >${listed}; exec /usr/bin/curl "$@" <${given}`)
    program(2, 'curl', 'cat >&2; exit 22')
    program(3, 'curl', "tee /dev/stderr | sed 's/.*Signature=//' >&2; exit 22")
    const events = join(dir, 'events')
    const { code, sent, warned, text } = await deploy('deploy -v', { CLONEDEPLOY_OUTPUT_FILE: events })
    expect([code, sent]).toEqual([0, [0, 3, 3]])
    const processes = readFileSync(listed, 'utf8')
    expect(processes).toMatch(/curl .*-K -/)
    // What else this machine runs is not ours to judge.
    const [signature = ''] = /Signature=[0-9a-f]{64}/.exec(readFileSync(given, 'utf8')) ?? []
    expect(signature).not.toBe('')
    expect(processes).not.toContain(signature)
    const logs = join(here.project.root, '.clonedeploy/logs')
    const told = [text, ...readdirSync(logs).map(name => readFileSync(join(logs, name), 'utf8'))]
    for (const one of [...told, readFileSync(events, 'utf8')]) {
      expect(one).not.toMatch(/[0-9a-f]{64}&|Signature=[0-9a-f]|Credential=KEY/)
    }
    expect(warned.join()).toContain('[redacted]')
  })

  exhaustively(
    'are sent the difference where a store cannot take it, and a parcel left goes with the next',
    async () => {
      const isParcel = (what: string) => (asked: Asked) =>
        asked.method === what && asked.key.includes('/parcels/') ? 503 : null
      expect((await deploy()).code).toBe(0)
      here.project.write({ 'app/other': noise(2e6) })
      s3.fault = isParcel('PUT')
      const unkept = await deploy()
      expect([unkept.code, unkept.sent, unkept.fetched]).toEqual([0, [2, 2, 2], 0])
      expect(unkept.warned).toEqual([expect.stringMatching(/h1, h2, h3: sent from here, .*answered 503/)])
      here.project.write({ 'app/other': noise(2e6) })
      s3.fault = isParcel('DELETE')
      const left = await deploy()
      expect([left.code, left.sent, left.fetched]).toEqual([0, [0, 0, 0], 3])
      expect(left.warned).toEqual([expect.stringContaining('s3://acme may still hold what this run kept there')])
      expect(parcels()).toHaveLength(1)
      s3.fault = () => null
      here.project.write({ 'app/other': noise(2e6) })
      expect(await deploy()).toMatchObject({ code: 0, fetched: 3 })
      await whole()
    },
  )

  exhaustively('of a controller that dies meanwhile are repaired, and its parcel goes with a deploy', async () => {
    expect((await deploy()).code).toBe(0)
    here.project.write({ 'app/other': noise(2e6) })
    const running = here.project.start('deploy', { env: anyCredentials })
    s3.fault = asked => {
      if (isFetch(asked)) running.child.kill('SIGKILL')
      return isFetch(asked) ? 'silent' : null
    }
    expect((await running.ended).signal).toBe('SIGKILL')
    s3.fault = () => null
    expect(parcels()).toHaveLength(1)
    ageLocks(here.project)
    expect((await here.project.run('repair')).code).toBe(0)
    expect(await deploy()).toMatchObject({ code: 0, fetched: 3 })
    await whole()
  })

  exhaustively('wait for no store when the run is told to stop', async () => {
    const running = here.project.start('deploy', { env: anyCredentials })
    let asked = 0
    s3.fault = one => {
      if (!isFetch(one)) return null
      asked += 1
      return 'silent'
    }
    await vi.waitFor(() => expect(asked).toBe(3), { timeout: 60_000 })
    const began = performance.now()
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(3)
    expect(performance.now() - began).toBeLessThan(15_000)
    s3.fault = () => null
    expect(await deploy()).toMatchObject({ code: 0, sent: [0, 0, 0] })
    await whole()
  })

  exhaustively('get them from there, and not from each other, where both could be', async () => {
    configure({ hosts: some(four), relay: { port: await freePort() } })
    const { code, sent, fetched } = await deploy()
    expect([code, sent, fetched]).toEqual([0, [0, 0, 0, 3], 3])
    await whole()
  })
})
