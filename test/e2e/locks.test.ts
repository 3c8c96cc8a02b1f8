import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { ageLocks } from '../support/lease.js'
import { both, onFleet } from '../support/on-fleet.js'
import { type Project, startProject, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('the lock of the fleet', () => {
  const here = onFleet({ hosts: both.length })
  let rival: Project
  /** Two at work in the same folders at the same time leave the file `overlap`. */
  const alone = (at: string, ms: number) => ({
    run: `mkdir ${at}/busy || : >${at}/overlap; sleep ${ms / 1000}; rmdir ${at}/busy`,
    once: true,
  })

  beforeEach(async () => {
    rival = await startProject(here.fleet)
    rival.configure({}, i => ({ deployTo: here.project.on(i) }))
  })
  afterEach(() => rival.remove())

  exhaustively(
    'lets one of two deploys through: the other ends with 4, names the holder and leaves no lock',
    async () => {
      const { project } = here
      project.configure({ prepare: alone(project.root, 100) })
      rival.configure({ prepare: alone(project.root, 100) }, i => ({ deployTo: project.on(i) }))
      const seen: string[] = []
      for (let round = 1; round <= 5; round++) {
        project.write({ 'app/version': `anna ${round}\n` })
        rival.write({ 'app/version': `bert ${round}\n` })
        const runs = await Promise.all([project.run('deploy'), rival.run('deploy', { env: { USER: 'bert' } })])
        const codes = runs.map(({ code }) => code)
        seen.push(codes.join(' '))
        expect(codes).toContain(0)
        for (const { code, stderr } of runs) {
          expect([0, 4]).toContain(code)
          if (code === 4)
            expect(stderr).toMatch(
              /(production is locked by (anna|bert)@|Another run changed production).*Nothing was changed/,
            )
        }
        const served = both.map(i => textOf(project.on(i, 'current/version')))
        expect(new Set(served).size).toBe(1)
        const { json } = await project.run('status --json')
        expect(json()).toMatchObject({ result: 'consistent', lock: null })
      }
      expect(textOf(join(project.root, 'overlap'))).toBe('')
      expect(inodes(join(project.root, 'overlap'))).toEqual({})
      expect(seen.join()).toContain('4')
    },
  )

  exhaustively('taken by hand keeps everybody from deploying, until it is released by its id', async () => {
    const { project } = here
    const one = await project.deployed('one')
    const locked = await project.run('lock --json -m maintenance')
    expect(locked.code).toBe(0)
    expect(Object.keys(locked.json())).toEqual(['v', 'command', 'result', 'exitCode', 'stage', 'tx', 'hosts'])
    const { tx } = locked.json()
    rival.write({ 'app/version': 'two\n' })
    const refused = await rival.run('deploy')
    expect(refused.code).toBe(4)
    expect(refused.stderr).toContain('production is locked by anna@')
    expect(refused.stderr).toContain('maintenance')
    for (const i of both) expect(project.current(i)).toBe(`releases/${one}`)
    expect((await project.run('status --json')).json().lock).toMatchObject({
      reason: 'lock: maintenance',
      alive: true,
      tx,
    })
    ageLocks(project, both)
    expect((await rival.run('deploy')).code).toBe(4)
    expect((await project.run('lock')).code).toBe(4)
    expect((await project.run('unlock --tx 0123abc')).code).toBe(2)
    expect((await project.run(`unlock --json --tx ${tx}`)).json()).toEqual({
      v: 1,
      command: 'unlock',
      result: 'unlocked',
      exitCode: 0,
      stage: 'production',
      tx,
      hosts: ['h1', 'h2'],
    })
    expect((await rival.run('deploy')).code).toBe(0)
  })

  it('that a deploy holds ends another with 4, which touches nothing', async () => {
    const { project } = here
    const one = await project.deployed('one')
    project.configure({
      prepare: { run: `: >${project.root}/held; until [ -e ${project.root}/go ]; do sleep 0.05; done`, once: true },
    })
    project.write({ 'app/version': 'two\n' })
    const first = project.start('deploy --json')
    await holding(project)
    const other = await rival.run('deploy --json')
    expect(other.code).toBe(4)
    expect(other.json()).toMatchObject({ command: 'deploy', result: 'aborted', exitCode: 4 })
    expect((await rival.run('rollback -y')).code).toBe(4)
    expect((await rival.run('prune --keep 1')).code).toBe(4)
    const waiting = rival.start('deploy --lock-wait 1m --json')
    await waiting.until('Waiting')
    project.write({ go: '' })
    expect((await first.ended).code).toBe(0)
    const { release } = JSON.parse((await first.ended).stdout)
    for (const i of both) expect(textOf(project.on(i, 'current/version'))).toBe('two\n')
    expect((await waiting.ended).json().warnings).toEqual([
      `while this run waited for the lock, the fleet went from ${one} to ${release}`,
    ])
  })

  exhaustively('is waited for with --lock-wait', async () => {
    const { project } = here
    await project.deployed('one')
    const { json } = await project.run('lock --json')
    rival.write({ 'app/version': 'two\n' })
    const waiting = rival.start('deploy --lock-wait 30s')
    await waiting.until('Waiting')
    expect((await project.run(`unlock --tx ${json().tx}`)).code).toBe(0)
    expect((await waiting.ended).code).toBe(0)
    for (const i of both) expect(textOf(project.on(i, 'current/version'))).toBe('two\n')
  })

  exhaustively('held on one host only ends a deploy with 4, and the others are free again', async () => {
    const { project } = here
    await project.deployed('one')
    rival.configure({ hosts: [{ name: 'h2', deployTo: project.on(2) }] })
    const { json } = await rival.run('lock --json')
    project.write({ 'app/version': 'two\n' })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(4)
    expect(stderr).toContain('seen on  h2')
    expect((await rival.run(`unlock --tx ${json().tx}`)).code).toBe(0)
    expect((await project.run('deploy')).code).toBe(0)
  })

  exhaustively('is given back by prune, which removes what is old and never what is served or was before', async () => {
    const { project } = here
    const made: string[] = []
    for (const version of ['one', 'two', 'three']) made.push(await project.deployed(version))
    const dry = await project.run('prune --keep 1 --dry-run --json')
    expect(dry.json().hosts[0]).toEqual({ name: 'h1', removed: [made[0]], inUse: [], failed: false })
    const { code, json } = await project.run('prune --keep 1 --json')
    expect(code).toBe(0)
    expect(json().hosts.map(({ removed }: { removed: string[] }) => removed)).toEqual(both.map(() => [made[0]]))
    for (const i of both) expect(project.releases(i)).toEqual(made.slice(1).sort())
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
  })
})

async function holding(project: Project): Promise<void> {
  await vi.waitFor(() => expect(inodes(join(project.root, 'held'))).not.toEqual({}), { timeout: 300_000, interval: 20 })
}
