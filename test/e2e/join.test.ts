import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { contents } from '../support/files.js'
import { all, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('join', () => {
  const here = onFleet()
  const currents = () => all.map(i => here.project.current(i))
  const serving = (...ids: readonly (string | null)[]) => ids.map(id => (id === null ? null : `releases/${id}`))
  const forget = () => rmSync(join(here.project.root, '.clonedeploy/cache'), { recursive: true })

  /** A fleet that has deployed three times, and a third host that is new. */
  async function grown(config: object = {}): Promise<readonly string[]> {
    const { project } = here
    const restart = 'cat version >>../../restarted'
    project.configure({ restart, ...config })
    project.write({ 'app/with space/$(x)': 'odd\n', 'app/empty/': '', 'app/link': { link: 'version' } })
    const ids = [await project.deployed('one'), await project.deployed('two'), await project.deployed('three')]
    rmSync(project.on(3), { recursive: true })
    return ids
  }

  it.each([
    ['from what this machine kept', {}, false],
    ['from another host, with prepare hooks', { prepare: 'cp version made; mkdir folder' }, true],
    ['from another host, with shared paths', { shared: { dirs: ['public/uploads'] } }, true],
  ])('gives a new host what the others serve and could go back to, %s', async (_, config, forgotten) => {
    const { project } = here
    const [one, two, three] = (await grown(config)) as [string, string, string]
    if (forgotten) forget()
    const { code, stderr, json } = await project.run('join --host h3 --json')
    expect(stderr).not.toMatch(/[✖!] /)
    expect(code).toBe(0)
    expect(json()).toMatchObject({ command: 'join', result: 'deployed', exitCode: 0, release: three })
    expect(json().joined).toEqual({ hosts: ['h3'], earlier: [two, one] })
    expect(currents()).toEqual(serving(three, three, three))
    for (const id of [one, two, three])
      expect(contents(project.on(3, 'releases', id))).toEqual(contents(project.on(1, 'releases', id)))
    expect(all.map(i => textOf(project.on(i, 'restarted')))).toEqual([
      'one\ntwo\nthree\n',
      'one\ntwo\nthree\n',
      'three\n',
    ])
    expect((await project.run('status --verify')).code).toBe(0)
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect(currents()).toEqual(serving(two, two, two))
    expect((await project.run(`rollback --yes --to ${one}`)).code).toBe(0)
    expect(currents()).toEqual(serving(one, one, one))
  })

  it('says what it would do, and changes nothing by that', async () => {
    const { project } = here
    const [one, two, three] = (await grown()) as [string, string, string]
    const before = [1, 2].map(i => contents(project.on(i)))
    const { code, stdout } = await project.run('join --host h3 --dry-run --detailed-exitcode')
    expect(code).toBe(10)
    expect(stdout).toContain(`h3     nothing                   get ${two} ${one}, get ${three} and serve it\n`)
    expect(stdout).toMatch(/\nRun it: clonedeploy join \S+ --host h3\n$/)
    expect([1, 2].map(i => contents(project.on(i)))).toEqual(before)
    expect(existsSync(project.on(3))).toBe(false)
  })

  it('brings what a host lacks that came with a deploy, restarts nothing, and then has nothing to do', async () => {
    const { project } = here
    const [, , three] = await grown()
    const four = await project.deployed('four')
    expect((await project.run('rollback --yes')).code).toBe(3)
    const joined = await project.run('join --host h3')
    expect(joined.code).toBe(0)
    expect(joined.stderr).toMatch(`Joined h3 with ${four} and 3 earlier releases in `)
    expect(textOf(project.on(3, 'restarted'))).toBe('four\n')
    const again = await project.run('join --host h3 --json')
    expect([again.code, again.json().result]).toEqual([0, 'unchanged'])
    expect((await project.run('join --host h3 --dry-run --detailed-exitcode')).code).toBe(0)
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect(currents()).toEqual(serving(three ?? null, three ?? null, three ?? null))
  })

  it('goes on without an earlier release that cannot be made the same any more, and says so', async () => {
    const { project } = here
    const [one, two, three] = (await grown()) as [string, string, string]
    writeFileSync(project.on(2, 'releases', two, 'version'), 'changed\n')
    const { code, stderr, json } = await project.run('join --host h3 --json')
    expect(code).toBe(0)
    expect(json().joined.earlier).toEqual([one])
    expect(stderr).toContain(`${two} was not brought, so the fleet cannot go back to it: h2: `)
    expect(currents()).toEqual(serving(three, three, three))
    expect(project.releases(3)).toEqual([one, three])
  })

  it('leaves the others as they are when the new host does not get well, with 5', async () => {
    const { project } = here
    const [, , three] = (await grown()) as [string, string, string]
    project.configure({ health: { run: 'test "$CLONEDEPLOY_HOST" != h3', timeout: '1s' } })
    const { code, stderr } = await project.run('join --host h3')
    expect(code).toBe(5)
    expect(stderr).toContain('✖ Join failed on h3.')
    expect(currents()).toEqual(serving(three, three, null))
    expect(all.slice(0, 2).map(i => textOf(project.on(i, 'restarted')))).toEqual(Array(2).fill('one\ntwo\nthree\n'))
  })

  it('can be asked for again after it was killed while it brought an earlier release', async () => {
    const { project } = here
    const ids = (await grown({ prepare: 'test ! -e ../../slow || sleep 60' })) as [string, string, string]
    mkdirSync(project.on(3))
    writeFileSync(project.on(3, 'slow'), '')
    const dying = project.start('join --host h3')
    await vi.waitFor(() => expect(project.releases(3)).toEqual([ids[1]]), { timeout: 20_000, interval: 20 })
    dying.child.kill('SIGKILL')
    await dying.ended
    rmSync(project.on(3, 'slow'))
    for (const i of all) {
      const epochs = project.on(i, '.clonedeploy/epochs')
      for (const path of Object.keys(contents(epochs)).filter(one => one.endsWith('/lease')))
        utimesSync(join(epochs, path), 1, 1)
    }
    expect((await project.run('join --host h3')).code).toBe(0)
    expect(project.releases(3)).toEqual([...ids].sort())
    for (const id of ids)
      expect(contents(project.on(3, 'releases', id))).toEqual(contents(project.on(1, 'releases', id)))
    expect((await project.run('status --verify')).code).toBe(0)
  })

  it('keeps what it has brought when it is stopped, and says so, with 3', async () => {
    const { project } = here
    const [one, two, three] = (await grown({ prepare: 'true' })) as [string, string, string]
    project.configure({ prepare: `test "$CLONEDEPLOY_RELEASE" != ${one} || sleep 60` })
    const stopped = project.start('join --host h3')
    await vi.waitFor(() => expect(project.releases(3)).toEqual([one, two]), { timeout: 20_000, interval: 20 })
    stopped.child.kill('SIGINT')
    const { code, stderr } = await stopped.ended
    expect([code, stderr]).toEqual([3, expect.stringContaining('h3 got 1 earlier release; what is served was not')])
    expect(project.releases(3)).toEqual([two])
    project.configure({ prepare: 'true' })
    expect((await project.run('join --host h3')).code).toBe(0)
    expect(project.releases(3)).toEqual([one, two, three])
  })

  it('refuses what it is not for', async () => {
    const { project } = here
    const [one, , three] = (await grown()) as [string, string, string]
    const nobody = await project.run('join')
    expect([nobody.code, nobody.stderr]).toEqual([2, expect.stringContaining('join needs --host HOST')])
    expect((await project.run('join --host h4')).code).toBe(2)
    expect((await project.run('join --host h1,h2,h3')).code).toBe(3)
    renameSync(project.on(2, 'current'), project.on(2, 'gone'))
    const behind = await project.run('join --host h3')
    expect([behind.code, behind.stderr]).toEqual([6, expect.stringContaining('not whole without that: h2.')])
    renameSync(project.on(2, 'gone'), project.on(2, 'current'))
    const record = JSON.parse(readFileSync(project.on(1, '.clonedeploy/fleet'), 'utf8'))
    expect((await project.run('join --host h3')).code).toBe(0)
    writeFileSync(project.on(3, '.clonedeploy/fleet'), `${JSON.stringify({ ...record, seq: 99, release: one })}\n`)
    const foreign = await project.run('join --host h3')
    expect(foreign.code).toBe(6)
    expect(foreign.stderr).toContain(`h3 says that the fleet serves ${one}; the others serve ${three}.`)
    expect(currents()).toEqual(serving(three, three, three))
  })
})
