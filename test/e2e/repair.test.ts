import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { contents } from '../support/files.js'
import { all, onFleet } from '../support/on-fleet.js'
import { inFolder, signal } from '../support/processes.js'
import { short, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('repair', () => {
  const here = onFleet()

  exhaustively(
    'puts back the host whose own switch died with the controller, and the fleet deploys again',
    async () => {
      const { project } = here
      project.configure({
        restart: 'cat version >>../../restarted',
        health: { run: 'test ! -e slow || sleep 60', timeout: '90s' },
      })
      const old = await project.deployed('one')
      project.write({ 'app/slow': '' })
      const dying = project.start('deploy', { times: short })
      await vi.waitFor(() => expect(currents()).not.toContain(`releases/${old}`), { timeout: 300_000, interval: 20 })
      const next = project.current(3)
      await dying.until('health')
      dying.child.kill('SIGKILL')
      signal(inFolder(project.on(3)), 'SIGKILL')
      await vi.waitFor(() => expect(currents()).toEqual(on(old, old, next)), { timeout: 300_000, interval: 200 })

      const status = await project.run('status --json')
      expect(status.code).toBe(6)
      expect(flags(status.json())).toEqual([null, null, 'IN DOUBT'])
      const before = all.map(i => contents(project.on(i)))
      expect((await project.run('repair --dry-run --detailed-exitcode')).code).toBe(10)
      expect(all.map(i => contents(project.on(i)))).toEqual(before)

      const repaired = await project.run('repair --json')
      expect(repaired.code).toBe(0)
      expect(repaired.json()).toMatchObject({ command: 'repair', result: 'put-back', release: old })
      expect(currents()).toEqual(on(old, old, old))
      expect(textOf(project.on(3, 'restarted'))).toBe('one\none\none\n')
      expect((await project.run('status')).code).toBe(0)
      rmSync(join(project.root, 'app/slow'))
      const after = await project.deployed('two')
      expect(currents()).toEqual(on(after, after, after))
    },
  )

  it('brings a host that fell behind to the fleet’s release, and leaves the others as they are, whatever one says of how it ran it', async () => {
    const { project } = here
    project.configure({ restart: 'cat version >>../../restarted' })
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    pointBack(2, one)
    const record = project.on(1, '.clonedeploy/manifests', `${two}.run`)
    const limits = { timeout: 1000, tryTimeout: 1000, roles: null }
    const health = [{ kind: 'tcp', address: '127.0.0.1:$GONE', ...limits }]
    writeFileSync(record, `${JSON.stringify({ ...JSON.parse(textOf(record)), health })}\n`)
    const odd = 'h1: the health check 127.0.0.1:$GONE that'
    const status = await project.run('status --json')
    expect(flags(status.json())).toEqual([null, 'OLD', null])
    expect(status.stderr).toContain(odd)
    const { code, stderr } = await project.run('repair')
    expect(code, stderr).toBe(0)
    expect(stderr.split(odd)).toHaveLength(2)
    expect(stderr).toContain(`Repaired: all 3 hosts serve ${two}.`)
    expect(currents()).toEqual(on(two, two, two))
    expect(all.map(i => textOf(project.on(i, 'restarted')))).toEqual(['one\ntwo\n', 'one\ntwo\ntwo\n', 'one\ntwo\n'])
    expect(records()).toEqual(Array(3).fill({ seq: 3, release: two, previous: one }))
    const again = await project.run('repair --json')
    expect([again.code, again.json().result]).toEqual([0, 'unchanged'])
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect(currents()).toEqual(on(one, one, one))
  })

  exhaustively.each([
    ['from what this machine kept', {}, false],
    [
      'from another host, with its prepare hooks',
      { prepare: 'cp version made-of-it; ln -s version link; mkdir made' },
      true,
    ],
  ])('gives a new host the same files, %s', async (_, config, forgotten) => {
    const { project } = here
    project.configure(config)
    project.write({
      'app/with space/$(x)': 'odd\n',
      'app/new\nline': 'odd\n',
      'app/same': 'odd\n',
      'app/empty/': '',
      'app/to-same': { link: 'same' },
    })
    const release = await project.deployed('one')
    rmSync(project.on(3), { recursive: true })
    if (forgotten) rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })
    expect(flags((await project.run('status --json')).json())).toEqual([null, null, 'NEW'])
    const { code, stderr, json } = await project.run('repair --json')
    expect(stderr).not.toContain('✖')
    expect(code).toBe(0)
    expect(json().hosts.map(({ digest }: { digest: string }) => digest)).toEqual(Array(3).fill(json().digest))
    expect(currents()).toEqual(on(release, release, release))
    expect(contents(project.on(3, 'releases', release))).toEqual(contents(project.on(1, 'releases', release)))
    expect((await project.run('status --verify')).code).toBe(0)
  })

  exhaustively('brings all forward when one host was confirmed and the others had put themselves back', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const before = textOf(project.on(2, '.clonedeploy/fleet'))
    const two = await project.deployed('two')
    for (const i of [2, 3]) {
      renameSync(inTransaction(i, 'outcome.confirmed'), inTransaction(i, 'outcome.reverted'))
      writeFileSync(project.on(i, '.clonedeploy/fleet'), before)
      pointBack(i, one)
    }
    expect(flags((await project.run('status --json')).json())).toEqual([null, 'OLD', 'OLD'])
    expect((await project.run('repair')).code).toBe(0)
    expect(currents()).toEqual(on(two, two, two))
    expect((await project.run('status')).code).toBe(0)
  })

  exhaustively('ends the swap of an undecided host as the others were told', async () => {
    const { project } = here
    await project.deployed('one')
    const two = await project.deployed('two')
    renameSync(inTransaction(2, 'outcome.confirmed'), inTransaction(2, 'undecided'))
    expect(flags((await project.run('status --json')).json())).toEqual([null, 'IN DOUBT', null])
    expect((await project.run('repair')).code).toBe(0)
    expect(currents()).toEqual(on(two, two, two))
    expect((await project.run('status')).code).toBe(0)
  })

  exhaustively('removes what a run left that died before the swap', async () => {
    const { project } = here
    const one = await project.deployed('one')
    project.configure({ prepare: 'sleep 60' })
    project.write({ 'app/version': 'two\n' })
    const dying = project.start('deploy')
    await vi.waitFor(() => expect(all.map(i => project.releases(i).length)).toEqual([2, 2, 2]), {
      timeout: 300_000,
      interval: 20,
    })
    dying.child.kill('SIGKILL')
    await dying.ended
    for (const i of all) age(i)
    const { code, json } = await project.run('repair --json')
    expect([code, json().result]).toEqual([0, 'unchanged'])
    expect(all.map(project.releases)).toEqual(Array(3).fill([one]))
    const status = (await project.run('status --json')).json()
    expect([status.result, status.lock]).toEqual(['consistent', null])
  })

  exhaustively(
    'repairs what can be repaired without a host that is away, names it, and repairs it when it is back',
    async () => {
      const { project, fleet } = here
      const one = await project.deployed('one')
      const two = await project.deployed('two')
      pointBack(2, one)
      pointBack(3, one)
      await fleet.stopHost(3)
      const { code, json } = await project.run('repair --json').finally(() => fleet.startHost(3))
      expect([code, json().result]).toEqual([6, 'mixed'])
      expect(json().hosts.map(({ error }: { error: object | null }) => error === null)).toEqual([true, true, false])
      expect(currents()).toEqual(on(two, two, one))
      expect((await project.run('repair')).code).toBe(0)
      expect(currents()).toEqual(on(two, two, two))
    },
  )

  exhaustively(
    'decides nothing about an undecided swap while a host is away that may have been confirmed',
    async () => {
      const { project, fleet } = here
      await project.deployed('one')
      const two = await project.deployed('two')
      for (const i of [1, 2]) {
        renameSync(inTransaction(i, 'outcome.confirmed'), inTransaction(i, 'undecided'))
        rmSync(project.on(i, '.clonedeploy/fleet'))
      }
      await fleet.stopHost(3)
      const { code, stderr } = await project.run('repair').finally(() => fleet.startHost(3))
      expect(code).toBe(6)
      expect(stderr).toContain('cannot be told without h3')
      expect(currents()).toEqual(on(two, two, two))
      expect((await project.run('repair')).code).toBe(0)
      expect(currents()).toEqual(on(two, two, two))
    },
  )

  it('makes a release anew that was changed where it is served: a fresh copy for all, which nobody goes back from to the old one', async () => {
    const { project } = here
    const first = await project.deployed('one')
    const release = await project.deployed('two')
    writeFileSync(project.on(2, 'current/version'), 'tampered\n')
    rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })
    expect((await project.run('status --verify')).stdout).toContain('fix: clonedeploy repair')
    const dry = await project.run('repair --dry-run --json')
    expect(dry.json()).toMatchObject({ decision: 'remake', problems: [] })
    const served = new Set<string>()
    const reader = setInterval(() => {
      for (const i of all) served.add(readFileSync(project.on(i, 'current/version'), 'utf8'))
    }, 1)
    const { code, json } = await project.run('repair --json').finally(() => clearInterval(reader))
    expect([code, json().previous]).toEqual([0, release])
    expect([...served].sort()).toEqual(['tampered\n', 'two\n'])
    expect(all.map(i => textOf(project.on(i, 'current/version')))).toEqual(Array(3).fill('two\n'))
    expect(textOf(project.on(2, 'releases', release, 'version'))).toBe('tampered\n')
    expect((await project.run('status --verify')).code).toBe(0)
    expect((await project.run('rollback --yes --json')).json().release).toBe(first)
  })

  exhaustively('leaves a release that was changed everywhere as it is, where its bytes are nowhere', async () => {
    const { project } = here
    const release = await project.deployed('one')
    for (const i of all) writeFileSync(project.on(i, 'current/version'), 'tampered\n')
    rmSync(join(project.root, '.clonedeploy/cache'), { recursive: true })
    const { code, stderr } = await project.run('repair')
    expect([code, stderr]).toEqual([6, expect.stringContaining('fix: clonedeploy deploy --force')])
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${release}`))
    expect((await project.run('deploy --force')).code).toBe(0)
    expect(all.map(i => textOf(project.on(i, 'current/version')))).toEqual(Array(3).fill('one\n'))
  })

  exhaustively('makes it anew once, and names the hosts whose app changes that one, too', async () => {
    const { project } = here
    project.configure({ restart: 'echo more >>version' })
    const release = await project.deployed('one')
    const { code, stderr } = await project.run('repair')
    expect([code, project.releases(1).length]).toEqual([6, 2])
    expect(stderr).toMatch(/h1: it serves a copy of \S+ that was changed on the host/)
    expect(project.releases(1)[0]).toBe(release)
  })

  exhaustively('replaces a damaged copy that is not served', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    pointBack(2, one)
    writeFileSync(project.on(2, 'releases', two, 'version'), 'tampered\n')
    expect((await project.run('repair')).code).toBe(0)
    expect(all.map(i => textOf(project.on(i, 'current/version')))).toEqual(Array(3).fill('two\n'))
  })

  exhaustively('does not say that nothing was changed when it is refused after it removed a damaged copy', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const two = await project.deployed('two')
    pointBack(2, one)
    const damaged = project.on(2, 'releases', two)
    writeFileSync(join(damaged, 'version'), 'tampered\n')
    project.configure({ rollout: { minUp: 3 } })
    const { code, json } = await project.run('repair --json')
    expect([code, json().changed]).toEqual([3, 'nothing served'])
    expect(json().reason).toContain('3 must stay up')
    expect(existsSync(damaged)).toBe(false)
    expect(currents()).toEqual(on(two, one, two))
  })

  exhaustively(
    'leaves every host as it was when the release does not come up, and says that the fleet is mixed',
    async () => {
      const { project } = here
      const well = 'test "$CLONEDEPLOY_HOST" != h2 || test ! -e "$AT/sick" || grep one version'
      project.configure({ env: { AT: project.root }, health: { run: well, timeout: '1s' } })
      const one = await project.deployed('one')
      const two = await project.deployed('two')
      pointBack(2, one)
      project.write({ sick: '' })
      const { code, json } = await project.run('repair --json')
      expect([code, json().result]).toEqual([6, 'mixed'])
      expect(currents()).toEqual(on(two, one, two))
      rmSync(join(project.root, 'sick'))
      expect((await project.run('repair')).code).toBe(0)
      expect(currents()).toEqual(on(two, two, two))
    },
  )

  exhaustively('does nothing while somebody holds the lock', async () => {
    const { project } = here
    const one = await project.deployed('one')
    await project.deployed('two')
    pointBack(2, one)
    expect((await project.run('lock')).code).toBe(0)
    const { code, stderr } = await project.run('repair')
    expect(code).toBe(4)
    expect(stderr).toContain('locked by anna')
    expect(project.current(2)).toBe(`releases/${one}`)
  })

  it('asks only on a protected stage', async () => {
    const { project } = here
    await project.deployed('one')
    project.configure({ protected: true })
    expect((await project.run('repair')).code).toBe(2)
    expect((await project.run('repair --yes')).code).toBe(0)
  })

  const currents = () => all.map(here.project.current)

  function on(...releases: readonly (string | null)[]) {
    return releases.map(release => (release?.startsWith('releases/') ? release : `releases/${release}`))
  }

  function flags(status: { hosts: readonly { flag: string | null }[] }) {
    return status.hosts.map(({ flag }) => flag)
  }

  function records() {
    return all.map(i => {
      const { seq, release, previous } = JSON.parse(textOf(here.project.on(i, '.clonedeploy/fleet')))
      return { seq, release, previous }
    })
  }

  /** Somebody points `current` at another release by hand. */
  function pointBack(i: number, release: string) {
    rmSync(here.project.on(i, 'current'))
    symlinkSync(`releases/${release}`, here.project.on(i, 'current'))
  }

  /** A record of the one transaction that a host still knows. */
  function inTransaction(i: number, record: string) {
    const [tx = ''] = readdirSync(here.project.on(i, '.clonedeploy/tx'))
    return here.project.on(i, '.clonedeploy/tx', tx, record)
  }

  /** Makes the lock look as if its holder had not been heard of for longer than its lease. */
  function age(i: number) {
    const long = new Date(Date.now() - 120_000)
    const epochs = readdirSync(here.project.on(i, '.clonedeploy/epochs'))
    const highest = epochs.sort((a, b) => Number(b) - Number(a))[0] ?? ''
    utimesSync(here.project.on(i, '.clonedeploy/epochs', highest, 'lease'), long, long)
  }
})
