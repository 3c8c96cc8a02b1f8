import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents } from '../support/files.js'
import { ageLocks } from '../support/lease.js'
import { all, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('join', () => {
  const here = onFleet()
  const currents = () => all.map(i => here.project.current(i))
  const serving = (...ids: readonly (string | null)[]) => ids.map(id => (id === null ? null : `releases/${id}`))
  const restarted = () => all.map(i => textOf(here.project.on(i, 'restarted')))

  /** A fleet that has deployed some versions, and a third host that is new. */
  async function grown(config: object = {}, versions: readonly string[] = ['one', 'two']): Promise<readonly string[]> {
    const { project } = here
    project.configure({ restart: 'cat version >>../../restarted', ...config })
    project.write({ 'app/with space/$(x)': 'odd\n', 'app/empty/': '', 'app/link': { link: 'version' } })
    const ids: string[] = []
    for (const one of versions) ids.push(await project.deployed(one))
    rmSync(project.on(3), { recursive: true })
    return ids
  }

  it('gives a new host what the others serve and could go back to, and restarts nobody else', async () => {
    const { project } = here
    const config = { prepare: 'cp version made; mkdir folder', shared: { dirs: ['public/uploads'] } }
    const [one, two, three] = (await grown(config, ['one', 'two', 'three'])) as [string, string, string]
    rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })
    const { code, stderr, json } = await project.run('join --json')
    expect(stderr).not.toMatch(/[✖!] /)
    expect(code).toBe(0)
    // Of the hosts that a phase changes.
    expect(stderr).toMatch(/push\n( .*\n)*? +✔ 1\/1\n/)
    expect(stderr).toMatch(/swap\n +✔ h3 .*\n +✔ 1\/1 swapped in 0 ms\n/)
    expect(stderr).toMatch(/restart\n +✔ h3 .*\n +✔ 1\/1\n/)
    expect(json()).toMatchObject({ command: 'join', result: 'deployed', exitCode: 0, release: three })
    expect(json().joined).toEqual({ hosts: ['h3'], earlier: [two, one] })
    expect(currents()).toEqual(serving(three, three, three))
    for (const id of [one, two, three])
      expect(contents(project.on(3, 'releases', id))).toEqual(contents(project.on(1, 'releases', id)))
    expect(restarted()).toEqual(['one\ntwo\nthree\n', 'one\ntwo\nthree\n', 'three\n'])
    const again = await project.run('join')
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('✔ No host is new: all 3 hosts')])
    expect((await project.run('status --verify')).code).toBe(0)
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect(currents()).toEqual(serving(two, two, two))
  })

  exhaustively('says what it would do, and changes nothing by that', async () => {
    const { project } = here
    const [one, two] = (await grown()) as [string, string]
    const before = [1, 2].map(i => contents(project.on(i)))
    const { code, stdout } = await project.run('join --host h3 --dry-run --detailed-exitcode')
    expect(code).toBe(10)
    expect(stdout).toContain(`h3     nothing                   get ${one}, get ${two} and serve it\n`)
    expect(stdout).toMatch(/\nRun it: clonedeploy join \S+ --host h3\n$/)
    expect([1, 2].map(i => contents(project.on(i)))).toEqual(before)
    expect(existsSync(project.on(3))).toBe(false)
  })

  exhaustively(
    'brings what a host lacks that came with a deploy, restarts nothing, and then has nothing to do',
    async () => {
      const { project } = here
      const [, two] = (await grown()) as [string, string]
      const three = await project.deployed('three')
      expect((await project.run('rollback --yes')).code).toBe(3)
      const joined = await project.run('join --host h3')
      expect(joined.code).toBe(0)
      expect(joined.stderr).toMatch(`Joined h3 with ${three} and 2 earlier releases in `)
      expect(restarted()[2]).toBe('three\n')
      const again = await project.run('join --host h3 --json')
      expect([again.code, again.json().result]).toEqual([0, 'unchanged'])
      expect((await project.run('rollback --yes')).code).toBe(0)
      expect(currents()).toEqual(serving(two, two, two))
    },
  )

  exhaustively('goes on without an earlier release that cannot be made the same any more, and says so', async () => {
    const { project } = here
    const [one, two] = (await grown()) as [string, string]
    for (const i of [1, 2]) writeFileSync(project.on(i, 'releases', one, 'version'), 'changed\n')
    const { code, stderr, json } = await project.run('join --host h3 --json')
    expect(code).toBe(0)
    expect(json().joined.earlier).toEqual([])
    expect(stderr).toContain(`${one} was not brought, so the fleet cannot go back to it: h1, h2: `)
    expect(currents()).toEqual(serving(two, two, two))
    expect(project.releases(3)).toEqual([two])
  })

  exhaustively(
    'brings an earlier release that one host holds damaged, so that the fleet can go back to it',
    async () => {
      const { project } = here
      const [one] = (await grown()) as [string, string]
      writeFileSync(project.on(2, 'releases', one, 'version'), 'changed\n')
      const { code, json } = await project.run('join --host h3 --json')
      expect([code, json().joined.earlier]).toEqual([0, [one]])
      expect((await project.run('rollback --yes')).code).toBe(0)
      expect(all.map(i => textOf(project.on(i, 'current/version')))).toEqual(['one\n', 'one\n', 'one\n'])
    },
  )

  exhaustively('leaves the others as they are when the new host does not get well, with 5', async () => {
    const { project } = here
    const sick = join(project.root, 'sick')
    const health = { run: `test "$CLONEDEPLOY_HOST" != h3 || test ! -e ${sick}`, timeout: '1s' }
    const [, two] = (await grown({ health })) as [string, string]
    project.write({ sick: '' })
    const { code, stderr, json } = await project.run('join --host h3 --json')
    expect(code).toBe(5)
    expect(stderr).toContain('✖ Join failed on h3.')
    expect(json().joined.hosts).toEqual([])
    expect(currents()).toEqual(serving(two, two, null))
    expect([1, 2].map(i => textOf(project.on(i, 'restarted')))).toEqual(['one\ntwo\n', 'one\ntwo\n'])
  })

  exhaustively('can be asked for again after it was killed while it brought an earlier release', async () => {
    const { project } = here
    const ids = await grown({ prepare: 'test ! -e ../../slow || sleep 60' })
    mkdirSync(project.on(3))
    writeFileSync(project.on(3, 'slow'), '')
    const dying = project.start('join --host h3')
    await vi.waitFor(() => expect(project.releases(3)).toEqual([ids[0]]), { timeout: 300_000, interval: 20 })
    dying.child.kill('SIGKILL')
    await dying.ended
    rmSync(project.on(3, 'slow'))
    ageLocks(project, all)
    expect((await project.run('join --host h3')).code).toBe(0)
    expect(project.releases(3)).toEqual(ids)
    for (const id of ids)
      expect(contents(project.on(3, 'releases', id))).toEqual(contents(project.on(1, 'releases', id)))
  })

  exhaustively('keeps what it has brought when it is stopped, stops what runs, and says so, with 3', async () => {
    const { project } = here
    const slow = `"$(cat ${join(project.root, 'slow')} 2>/dev/null)"`
    const prepare = `test "$CLONEDEPLOY_RELEASE" != ${slow} || { : >../../began; sleep 60; }`
    const [one, two] = (await grown({ prepare }, ['one', 'two', 'three'])) as [string, string]
    project.write({ slow: one })
    const stopped = project.start('join --host h3')
    await vi.waitFor(() => expect(existsSync(project.on(3, 'began'))).toBe(true), { timeout: 300_000, interval: 20 })
    stopped.child.kill('SIGINT')
    const { code, stderr } = await stopped.ended
    expect([code, stderr]).toEqual([
      3,
      expect.stringContaining('h3 got 1 earlier release. What is served was not changed.'),
    ])
    expect(project.releases(3)).toEqual([two])
    expect(currents()[2]).toBe(null)
    expect((await project.run('lock')).code).toBe(0)
  })

  exhaustively('goes on without a host that does not answer, names it, and ends with 6', async () => {
    const { project, fleet } = here
    const ids = await grown()
    await fleet.stopHost(2)
    const { code, json } = await project.run('join --host h3 --json').finally(() => fleet.startHost(2))
    expect([code, json().result, json().joined]).toEqual([6, 'mixed', { hosts: ['h3'], earlier: [ids[0]] }])
    expect(json().hosts.map(({ error }: Json) => error?.step ?? null)).toEqual([null, 'read', null])
    expect(project.releases(3)).toEqual(ids)
  })

  exhaustively('gives the locks back, and says what it is, when what was kept here is damaged', async () => {
    const { project } = here
    await grown()
    const cache = join(project.root, '.clonedeploy/cache/artifacts')
    for (const name of readdirSync(cache).filter(one => one.endsWith('.content')))
      writeFileSync(
        join(cache, name),
        readFileSync(join(cache, name)).map((byte, i) => (i === 0 ? byte ^ 1 : byte)),
      )
    const damaged = await project.run('join --host h3')
    expect(damaged.stderr).toContain('the artifact in the local cache is damaged')
    const again = await project.run('join --host h3 --json')
    expect([again.code, again.json().joined.hosts]).toEqual([0, ['h3']])
    expect(project.releases(3)).toEqual(project.releases(1))
  })

  exhaustively('takes nobody who serves the release from the balancer, also where hosts go one by one', async () => {
    const { project } = here
    const told = join(project.root, 'told')
    for (const i of all) writeFileSync(join(project.root, `h${i}.state`), i === 1 ? 'ready 0' : 'drain 0')
    const tell = (word: string) =>
      `echo "${word} $CLONEDEPLOY_HOST" >>"$AT/told"; printf '${word} 0' >"$AT/$CLONEDEPLOY_HOST.state"`
    const command = { drain: tell('drain'), ready: tell('ready'), state: 'cat "$AT/$CLONEDEPLOY_HOST.state"' }
    const config = { restart: 'true', env: { AT: project.root }, health: { run: 'true' } }
    project.configure(config)
    const one = await project.deployed('one')
    for (const i of [2, 3]) rmSync(project.on(i), { recursive: true })
    project.configure({ ...config, rollout: { batch: 1 }, balancer: { command, settle: '10ms' } })
    const { code, stderr } = await project.run('join --host h2,h3')
    expect(code, stderr).toBe(0)
    expect(existsSync(told) ? textOf(told) : '').not.toContain('h1')
    expect(currents()).toEqual(serving(one, one, one))
  })

  it('refuses what it is not for', async () => {
    const { project } = here
    const [one, two] = (await grown()) as [string, string]
    expect((await project.run('join --host h4')).code).toBe(2)
    expect((await project.run('join --host h1,h2,h3')).code).toBe(3)
    renameSync(project.on(2, 'current'), project.on(2, 'gone'))
    const behind = await project.run('join --host h3')
    expect([behind.code, behind.stderr]).toEqual([6, expect.stringContaining('not whole without that: h2.')])
    renameSync(project.on(2, 'gone'), project.on(2, 'current'))
    const record = JSON.parse(readFileSync(project.on(1, '.clonedeploy/fleet'), 'utf8'))
    mkdirSync(project.on(3, '.clonedeploy'), { recursive: true })
    writeFileSync(project.on(3, '.clonedeploy/fleet'), `${JSON.stringify({ ...record, seq: 99, release: one })}\n`)
    const foreign = await project.run('join --host h3')
    expect(foreign.code).toBe(6)
    expect(foreign.stderr).toContain(`h3 brings records along that are not this fleet's, which serves ${two}.`)
    expect(currents()).toEqual(serving(two, two, null))
  })
})
