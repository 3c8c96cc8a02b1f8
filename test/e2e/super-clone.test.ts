import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Script } from '../../src/scripts/shell/shell.js'
import { exhaustively } from '../support/exhaustively.js'
import { contents } from '../support/files.js'
import { onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { everyShell, type Ran, run, type Shell } from '../support/scripts.js'
import { allow, signedBy, signer, signingKey } from '../support/signers.js'
import { sshdIsHere } from '../support/sshd.js'
import { generationsIn } from '../support/stored.js'

const [dash] = everyShell as readonly [Shell]

describe.skipIf(!sshdIsHere())('a machine that brings itself up', () => {
  const here = onFleet({ hosts: 3 })
  const store = { dir: 'kept' }
  const on = (i: number) => ({ name: `h${i}`, deployTo: here.project.on(i) })
  const settings = {
    restart: 'echo "$CLONEDEPLOY_RELEASE" >>../../restarted',
    health: { run: 'test -f version' },
    shared: { dirs: ['uploads'] },
    store,
  }
  const configure = (hosts: readonly number[], more: object = {}) =>
    here.project.configure({ ...settings, hosts: hosts.map(on), ...more })

  /** The script for a machine in the folder of the third host, as `image` writes it. */
  async function script(more: object, flags: string): Promise<{ script: Script; ready: string }> {
    configure([3], more)
    const ready = join(here.project.root, 'run/ready')
    const { code, stderr } = await here.project.run(`image --out image --ready ${ready} --wait 1s ${flags}`)
    if (code !== 0) throw new Error(stderr)
    configure([1, 2])
    return { script: new Script('boot', textOf(join(here.project.root, 'image/boot.sh'))), ready }
  }
  const boot = async (more: object = {}, flags = ''): Promise<Ran & { isReady: boolean }> => {
    const one = await script(more, flags)
    rmSync(here.project.on(3), { recursive: true, force: true })
    const ended = await run(one.script, dash)
    return { ...ended, isReady: existsSync(one.ready) }
  }

  it('serves what the fleet serves; status sees that, and the next deploy takes it along', async () => {
    const { project } = here
    configure([1, 2])
    const one = await project.deployed('one')
    expect(await boot()).toMatchObject({ code: 0, stderr: '', isReady: true })
    expect(contents(project.on(3, 'releases', one))).toEqual(contents(project.on(1, 'releases', one)))
    configure([1, 2, 3])
    const status = await project.run('status --verify --json')
    expect(status.json()).toMatchObject({ result: 'consistent', exitCode: 0, target: one })
    expect(status.json().hosts[2]).toMatchObject({ name: 'h3', verdict: 'consistent', current: one })
    const two = await project.deployed('two')
    expect([1, 2, 3].map(i => project.current(i))).toEqual(Array(3).fill(`releases/${two}`))
    expect(textOf(project.on(3, 'restarted'))).toBe(`${one}\n${two}\n`)
    // It goes back with the others, to what it brought itself.
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect(project.current(3)).toBe(`releases/${one}`)
    expect((await project.run('status --verify')).code).toBe(0)
  })

  exhaustively('joins with the releases that the others could go back to', async () => {
    const { project } = here
    configure([1, 2])
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    await boot()
    configure([1, 2, 3])
    const joined = await project.run('join --host h3 --json')
    expect(joined.json()).toMatchObject({ exitCode: 0, joined: { hosts: ['h3'], earlier: [one] } })
    expect(project.releases(3)).toEqual([one, two])
    expect((await project.run('status --verify')).code).toBe(0)
  })

  exhaustively('follows what was rolled back to, and a repair of the store', async () => {
    const { project } = here
    configure([1, 2])
    const one = await project.deployed('one')
    await project.deployed('two')
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect(await boot()).toMatchObject({ code: 0, isReady: true })
    expect(project.current(3)).toBe(`releases/${one}`)
    rmSync(join(project.root, 'kept'), { recursive: true })
    expect((await project.run('repair')).code).toBe(0)
    expect(await boot()).toMatchObject({ code: 0, isReady: true })
  })

  exhaustively('has the files that hooks make on the fleet, or is not ready', async () => {
    const { project } = here
    const prepare = 'cp version made'
    configure([1, 2], { prepare })
    const release = await project.deployed('one')
    expect(generationsIn(join(project.root, 'kept')).at(-1)?.confirmed?.tree).toMatch(/^[0-9a-f]{64}$/)
    expect(await boot()).toMatchObject({ code: 0, isReady: true })
    expect(contents(project.on(3, 'releases', release))).toEqual(contents(project.on(1, 'releases', release)))
    configure([1, 2], { prepare: `case $PWD in ${project.on(3)}/*) echo odd >made ;; *) echo made >made ;; esac` })
    await project.deployed('two')
    expect(await boot()).toMatchObject({ code: 5, isReady: false, stderr: expect.stringContaining('other files') })
  })

  exhaustively('finds its restart as it was when the release was deployed', async () => {
    const { project } = here
    configure([1, 2], { env: { GREETING: 'hello' }, restart: 'echo "$GREETING" >>../../greeted' })
    await project.deployed('one')
    await boot()
    expect(textOf(project.on(3, 'greeted'))).toBe('hello\n')
  })

  it('starts what is for its roles, and no more', async () => {
    const { project } = here
    const restart = ['web', 'worker'].map(role => ({ run: `echo ${role} >>../../started`, roles: [role] }))
    const hosts = [
      { ...on(1), roles: ['web'] },
      { ...on(2), roles: ['worker'] },
    ]
    configure([], { hosts, restart })
    await project.deployed('one')
    const more = { hosts: [{ ...on(3), roles: ['web', 'worker'] }], restart }
    expect(await boot(more, '--role worker')).toMatchObject({ code: 0, isReady: true })
    expect(textOf(project.on(3, 'started'))).toBe('worker\n')
  })

  exhaustively('believes who may sign, and nobody else', async () => {
    const { project } = here
    const [anna, ben] = [signingKey(project.root, 'anna'), signingKey(project.root, 'ben')]
    allow(project.root, signer(anna))
    const allowed = { allowedSigners: 'allowed_signers' }
    configure([1, 2], { ...allowed, sign: { key: anna } })
    await project.deployed('one')
    expect(await boot(allowed)).toMatchObject({ code: 0, stderr: '', isReady: true })
    configure([1, 2])
    const newest = join(project.root, 'kept/shop/stages/production/generations/0000000002')
    const [line = ''] = textOf(newest).split('\n')
    for (const [text, reason] of [
      [`${line}\n`, 'generation 2 is not signed'],
      [textOf(newest).replace('"h2"', '"h9"'), 'generation 2 is signed, but was changed since'],
      [signedBy(ben, `${line}\n`), 'which this machine does not allow'],
    ] as const) {
      writeFileSync(newest, text)
      expect(await boot(allowed)).toMatchObject({ code: 3, isReady: false, stderr: expect.stringContaining(reason) })
    }
  })

  describe('image', () => {
    it('writes what to bake, and contacts nobody', async () => {
      configure([3], { secrets: { DB_URL: { env: 'DB_URL' } } })
      const before = here.fleet.hosts.map((_, i) => here.fleet.contacts(i + 1))
      const { code, json } = await here.project.run('image --out out/image --json')
      expect(code).toBe(0)
      const name = 'clonedeploy-clone-shop-production'
      const files = ['boot.sh', `${name}.service`, `${name}.env`, 'user-data', 'provisioner.pkr.hcl', 'README.md']
      expect(json()).toMatchObject({ command: 'image', result: 'done', name, files, ready: `/run/${name}/ready` })
      const text = (file: string) => readFileSync(join(here.project.root, 'out/image', file), 'utf8')
      expect(text('README.md')).toContain(`\`${here.project.on(3)}\``)
      expect(text(`${name}.service`)).toContain(`ExecStart=/bin/sh /usr/local/lib/${name}\n`)
      expect(text(`${name}.env`)).toContain('#DB_URL=\n')
      const encoded = /content: (\S+)/.exec(text('user-data'))?.[1] ?? ''
      expect(gunzipSync(Buffer.from(encoded, 'base64')).toString('utf8')).toBe(text('boot.sh'))
      // What EC2 takes.
      expect(text('user-data').length).toBeLessThan(16_384)
      execFileSync('sh', ['-n', join(here.project.root, 'out/image/boot.sh')])
      expect(here.fleet.hosts.map((_, i) => here.fleet.contacts(i + 1))).toEqual(before)
    })

    const inRole = {
      hosts: ['web', 'worker'].map(role => ({ name: role, deployTo: '/srv/shop', roles: [role] })),
      restart: [{ run: 'x', roles: ['web'] }],
    }

    it.each([
      ['there is no store', { store: undefined }, '', /There is no store/],
      ['nobody says where the files go', {}, 'no out', /Where are the files to go/],
      [
        'hosts have a deployTo each',
        {
          hosts: [
            { name: 'a', deployTo: '/a' },
            { name: 'b', deployTo: '/b' },
          ],
        },
        '',
        /Clones are alike/,
      ],
      [
        'an app has two ports, and so a balancer to be told',
        {
          restart: { ports: [3001, 3002], systemd: 'shop@' },
          health: { url: 'http://127.0.0.1:$CLONEDEPLOY_PORT/' },
          balancer: { haproxy: { host: 'h3', socket: '/run/haproxy.sock', backend: 'web' } },
        },
        '',
        /a release with two ports needs its balancer told/,
      ],
      [
        'the app is warmed',
        { restart: { warm: ':', ready: ':', switch: ':', cool: ':' } },
        '',
        /a release that is warmed beside another needs a deploy/,
      ],
      ['roles are not said', inRole, '', /which roles the machine has\..*roles of the stage: web, worker/s],
      ['nobody has the role', inRole, '--role mail', /No host has the role "mail"/],
      [
        'a bucket is said to be elsewhere',
        { store: { s3: { bucket: 'clones' } } },
        '--store-at /kept',
        /ask the bucket itself/,
      ],
      ['nobody may sign', { allowedSigners: 'deploy.config.json' }, '', /allows nobody to sign/],
      ['the signers are nowhere', { allowedSigners: 'none' }, '', /The allowed signers cannot be read: ENOENT/],
      ['the place of a store is none', {}, '--store-at kept', /an absolute path, or an http or https address/],
      ['a password would be in the script', {}, '--store-at https://anna:secret@kept.example.com', /takes no password/],
      ['the readiness file has no plain path', {}, "--ready /run/it's", /--ready takes an absolute path/],
    ])('is refused where %s', async (_, more, flags, reason) => {
      const out = flags === 'no out' ? '' : `--out image ${flags}`
      configure([3], more)
      const { code, stderr } = await here.project.run(`image ${out}`)
      expect([code, existsSync(join(here.project.root, 'image'))]).toEqual([2, false])
      expect(stderr).toMatch(reason)
    })
  })

  it('is not ready while a deploy is in doubt, and is when a repair has ended it', async () => {
    const { project } = here
    configure([1, 2])
    await project.deployed('one')
    const kept = join(project.root, 'kept/shop/stages/production/generations')
    const [pending] = generationsIn(join(project.root, 'kept'))
    const text = textOf(join(kept, '0000000002')).replace('"number":2', '"number":3')
    writeFileSync(join(kept, '0000000003'), text.replace('"state":"confirmed"', '"state":"pending"'))
    expect(pending?.state).toBe('pending')
    expect(await boot()).toMatchObject({ code: 4, isReady: false })
    expect((await project.run('repair')).code).toBe(0)
    expect(await boot()).toMatchObject({ code: 0, isReady: true })
  })
})
