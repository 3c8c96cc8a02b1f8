import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes, writeFiles } from '../support/files.js'
import { ageLocks } from '../support/lease.js'
import { four as all, onFleet } from '../support/on-fleet.js'
import { type Json, short, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('repair --give-up', () => {
  const here = onFleet({ hosts: 4 })
  const currents = () => all.map(here.project.current)
  const links = (...releases: readonly string[]) => releases.map(release => `releases/${release}`)
  const verdicts = async () =>
    (await here.project.run('status --json')).json().hosts.map(({ verdict }: Json) => verdict)

  exhaustively(
    'goes on without a host that was stopped in the middle; when it is back it gets the fleet’s release',
    async () => {
      const { project, fleet } = here
      const hold = ': >"$AT/held.$CLONEDEPLOY_HOST"; until [ -e "$AT/go" ]; do sleep 0.1; done'
      const env = { AT: project.root }
      const one = await project.deployed('one')
      project.configure({ env, restart: `grep -q one version || { ${hold}; }` })
      project.write({ 'app/version': 'two\n' })
      const dying = project.start('deploy', { times: short })
      await vi.waitFor(() => expect(all.filter(i => !existsSync(join(project.root, `held.h${i}`)))).toEqual([]), {
        timeout: 300_000,
        interval: 20,
      })
      const two = project.current(4)?.replace('releases/', '') ?? ''
      await fleet.stopHost(4)
      try {
        dying.child.kill('SIGKILL')
        project.write({ go: '' })
        await vi.waitFor(() => expect(currents()).toEqual(links(one, one, one, two)), {
          timeout: 300_000,
          interval: 100,
        })
        project.configure()
        ageLocks(project, all)
        expect((await project.run('repair')).code).toBe(6)
        const given = await project.run('repair --give-up h4 --fenced -m burnt --json')
        expect([given.code, given.json().exitCode]).toEqual([0, 0])
        expect(given.stderr).toContain('h4 is given up and recorded as left out; when it is back: clonedeploy repair')
        const status = await project.run('status --json')
        expect(status.code).toBe(6)
        expect(status.json().hosts[3]).toMatchObject({ verdict: 'left out', flag: 'EXCLUDED', reachable: false })
        expect(status.json().problems).toEqual([expect.stringMatching(/^h4 .*left out by anna at .*: burnt$/)])
      } finally {
        await fleet.startHost(4)
      }
      expect((await project.run('status')).code).toBe(6)
      expect(await verdicts()).toEqual([
        'consistent',
        'consistent',
        'consistent',
        expect.stringMatching(/in doubt|watchdog/),
      ])
      expect((await project.run('deploy')).code).toBe(6)
      expect((await project.run('repair')).code).toBe(0)
      expect(currents()).toEqual(links(one, one, one, one))
      expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
    },
  )

  exhaustively(
    'decides without the one host that was confirmed, which gets the fleet’s release when it is back',
    async () => {
      const { project, fleet } = here
      const one = await project.deployed('one')
      const two = await project.deployed('two')
      const kept = recordOf(4)
      for (const i of [1, 2, 3]) {
        const [tx = ''] = readdirSync(project.on(i, '.clonedeploy/tx'))
        const dir = project.on(i, '.clonedeploy/tx', tx)
        renameSync(join(dir, 'outcome.confirmed'), join(dir, 'undecided'))
        writeFiles(dir, { 'stage/revert/current': { link: `releases/${one}` } })
        rmSync(project.on(i, '.clonedeploy/fleet'))
      }
      await fleet.stopHost(4)
      try {
        expect((await project.run('repair')).code).toBe(6)
        expect(currents()).toEqual(links(two, two, two, two))
        expect((await project.run('repair --give-up h4 --fenced')).code).toBe(0)
        expect(currents()).toEqual(links(one, one, one, two))
      } finally {
        await fleet.startHost(4)
      }
      expect(recordOf(1)).toMatchObject({ release: one, excluded: [{ host: 'h4', by: 'anna' }] })
      expect(kept).toMatchObject({ release: two })
      expect(await verdicts()).toEqual(['consistent', 'consistent', 'consistent', 'ahead'])
      expect((await project.run('repair')).code).toBe(0)
      expect(currents()).toEqual(links(one, one, one, one))
      expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', target: one })
      expect(recordOf(1).excluded).toEqual([])
    },
  )

  it('is proposed by a repair that a host stays away from, and goes on without it as proposed', async () => {
    const { project, fleet } = here
    await project.deployed('one')
    await fleet.stopHost(4)
    try {
      const left = await project.run('repair --json')
      expect([left.code, left.json().next]).toEqual([
        6,
        [
          'when h4 answers again: clonedeploy repair',
          'if it never comes back: clonedeploy repair --give-up h4 --fenced',
        ],
      ])
      const { stderr } = await project.run('repair')
      expect(stderr).toMatch(/\n {2}when h4 answers again: +clonedeploy repair\n/)
      expect(stderr).toMatch(/\n {2}if it never comes back: +clonedeploy repair --give-up h4 --fenced\n/)
      expect((await project.run('repair --give-up h4 --fenced')).code).toBe(0)
    } finally {
      await fleet.startHost(4)
    }
  })

  it.each([
    ['repair --give-up h2 --fenced', 'h2 answers: only a host that cannot be reached is given up'],
    ...exhaustive([
      ['repair --give-up h2', '--give-up needs --fenced'],
      ['repair --fenced', '--fenced goes with --give-up'],
      ['repair --give-up h9 --fenced', 'There is no such host'],
    ] as const),
  ] as const)('is refused as `%s` with 2, and changes nothing', async (args, words) => {
    const { project } = here
    await project.deployed('one')
    const before = all.map(i => inodes(project.on(i)))
    const { code, stderr } = await project.run(args)
    expect(code).toBe(2)
    expect(stderr).toContain(words)
    expect(all.map(i => inodes(project.on(i)))).toEqual(before)
  })

  function recordOf(i: number): Json {
    return JSON.parse(textOf(here.project.on(i, '.clonedeploy/fleet')))
  }
})
