import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { thisProcess } from '../../src/commands/context/this-process.js'
import type { Generation } from '../../src/store/generation.js'
import { exhaustively } from '../support/exhaustively.js'
import { both, onFleet } from '../support/on-fleet.js'
import { textOf } from '../support/project.js'
import { anyCredentials, type S3Server, startS3 } from '../support/s3-server.js'
import { sshdIsHere } from '../support/sshd.js'
import { generationsAt, generationsIn, states } from '../support/stored.js'
import { onTerminal } from '../support/terminal.js'

describe.skipIf(!sshdIsHere())('what a store says beside the fleet', () => {
  const here = onFleet({ hosts: both.length })
  const kept = () => join(here.project.root, 'kept')
  const configure = (more: object = {}) => here.project.configure({ store: { dir: 'kept' }, ...more })
  const status = async () => {
    const { code, json, stdout } = await here.project.run('status --json')
    return { code, ...json(), text: stdout }
  }
  beforeEach(() => configure())

  it('is the same after a deploy', async () => {
    const release = await here.project.deployed('one')
    const { code, store, problems } = await status()
    expect([code, problems]).toEqual([0, []])
    expect(store).toMatchObject({
      name: kept(),
      standing: 'even',
      error: null,
      generation: { number: 2, state: 'confirmed', command: 'deploy', confirmed: release, hosts: ['h1', 'h2'] },
    })
    const { stdout } = await here.project.run('status')
    expect(stdout).toMatch(/ store {2}\S*kept {3}generation 2: \S+ {3}confirmed by deploy of anna@\S+, \S+/)
  })

  exhaustively('is nothing before the first deploy with it, and a repair tells it', async () => {
    here.project.configure()
    const release = await here.project.deployed('one')
    configure()
    expect(await status()).toMatchObject({ code: 0, store: { standing: 'empty', generation: null }, problems: [] })
    const dry = await here.project.run('repair --dry-run --json --detailed-exitcode')
    expect([dry.code, dry.json().store]).toEqual([10, `the store would hear that ${release} is served`])
    expect(generationsIn(kept())).toEqual([])
    expect((await here.project.run('repair')).code).toBe(0)
    expect(generationsIn(kept())).toMatchObject([
      { number: 1, state: 'confirmed', command: 'repair', confirmed: { release } },
    ])
    expect(await status()).toMatchObject({ code: 0, store: { standing: 'even' } })
    expect((await here.project.run('repair')).code).toBe(0)
    expect(generationsIn(kept())).toHaveLength(1)
  })

  exhaustively('is behind after a rollback without it, and a repair tells it', async () => {
    const one = await here.project.deployed('one')
    const two = await here.project.deployed('two')
    expect((await here.project.run('rollback --yes --no-store')).code).toBe(0)
    expect(await status()).toMatchObject({
      code: 6,
      result: 'consistent',
      store: { standing: 'behind' },
      problems: [`the store names ${two}, and the fleet is to serve ${one}`],
    })
    const { stdout } = await here.project.run('status')
    expect(stdout).toMatch(/fix: +clonedeploy repair/)
    const repaired = await here.project.run('repair --json')
    expect(repaired.code, repaired.stderr).toBe(0)
    expect(generationsIn(kept()).at(-1)).toMatchObject({ number: 5, state: 'confirmed', confirmed: { release: one } })
    expect((await status()).code).toBe(0)
  })

  exhaustively('has a run as at work that has ended, until a repair says how', async () => {
    const one = await here.project.deployed('one')
    const pending = { ...generationsIn(kept())[0], number: 3, tx: 'a'.repeat(44), by: 'ben@laptop' }
    writeFileSync(join(kept(), 'shop/stages/production/generations/0000000003'), JSON.stringify(pending))
    expect(await status()).toMatchObject({
      code: 6,
      store: { standing: 'left' },
      problems: ['the store has the deploy of ben@laptop as at work, and it has ended'],
    })
    expect((await here.project.run('repair')).code).toBe(0)
    expect(generationsIn(kept())).toHaveLength(4)
    expect(generationsIn(kept()).at(-1)).toMatchObject({
      tx: 'a'.repeat(44),
      state: 'confirmed',
      confirmed: { release: one },
    })
    expect((await status()).code).toBe(0)
  })

  exhaustively('may be of a run on hosts that are not ours, which no repair ends', async () => {
    await here.project.deployed('one')
    const theirs = {
      ...generationsIn(kept())[0],
      number: 3,
      tx: 'a'.repeat(44),
      by: 'ben@laptop',
      hosts: ['h1', 'h2', 'h3'],
    }
    writeFileSync(join(kept(), 'shop/stages/production/generations/0000000003'), JSON.stringify(theirs))
    expect(await status()).toMatchObject({ code: 0, store: { standing: 'foreign' } })
    expect((await here.project.run('status')).stdout).toMatch(
      /and a deploy of ben@laptop, .* is at work.* on h1, h2 and h3/,
    )
    const left = await here.project.run('repair --json')
    expect([left.code, left.json().warnings]).toEqual([0, [expect.stringContaining('ben@laptop changes production')]])
    expect(generationsIn(kept())).toHaveLength(3)
  })

  describe('of a run that has died, with a host that nobody lists any more,', () => {
    const tx = 'a'.repeat(44)
    const leave = (own: Partial<Generation> = {}) => {
      const theirs = {
        ...generationsIn(kept())[0],
        number: 3,
        tx,
        by: 'ben@laptop',
        hosts: ['h1', 'h9'],
        process: null,
      }
      const bytes = JSON.stringify({ ...theirs, ...own })
      writeFileSync(join(kept(), 'shop/stages/production/generations/0000000003'), bytes)
    }
    const other = { release: '20260102-030405-bbbbbbb', digest: null, revision: null, clone: {} }
    beforeEach(async () => {
      await here.project.deployed('one')
    })

    it('is shown to a person, who says that the host is out of service', async () => {
      const { project } = here
      leave({ target: other })
      project.write({ 'app/version': 'two\n' })
      const refused = await project.run('deploy')
      expect(refused.code).toBe(4)
      expect(refused.stderr).toContain(`some of these hosts are gone for good: clonedeploy unlock --tx ${tx}\n`)
      for (const flag of ['', ' --yes']) {
        const { code, stderr } = await project.run(`unlock --tx ${tx}${flag}`)
        expect(code).toBe(2)
        expect(stderr).toContain('The store says that ben@laptop changes production since ')
        expect(stderr).toContain('  doing    deploy of 20260102-030405-bbbbbbb\n')
        expect(stderr).toContain('  unknown  h9: not listed, so nothing is known of it\n')
        expect(stderr).toContain(`no user reaches them: clonedeploy unlock --tx ${tx} --fenced\n`)
      }
      expect((await project.run(`unlock --tx ${'b'.repeat(44)} --fenced`)).code).toBe(2)
      expect((await project.run('unlock --fenced')).code).toBe(2)
      const question = 'Has it died, and is h9 out of service?'
      expect((await onTerminal(project.root, `unlock --tx ${tx}`, [[question, 'n']])).code).toBe(3)
      expect(generationsIn(kept())).toHaveLength(3)
      const { code, screen } = await onTerminal(project.root, 'unlock', [[question, 'y']])
      expect(code).toBe(0)
      expect(screen).toContain('The store says that ben@laptop changes production since ')
      expect(generationsIn(kept()).at(-1)).toMatchObject({ number: 4, tx, state: 'withdrawn', bad: [] })
      expect(await project.run('unlock')).toMatchObject({ code: 0, stdout: 'Nothing to do: no host is locked.\n' })
      expect((await project.run('deploy')).code).toBe(0)
    })

    it('was confirmed where the fleet’s record names its release', async () => {
      leave()
      const { code, json } = await here.project.run(`unlock --tx ${tx} --fenced --json`)
      expect([code, json().result, json().tx, json().hosts]).toEqual([0, 'unlocked', tx, []])
      expect(json().store).toEqual({ name: kept(), generation: 4, state: 'confirmed' })
      expect((await status()).store.standing).toBe('even')
    })

    it.each<[string, () => Partial<Generation>, number, string]>([
      [
        'process is one of this machine that is still there',
        () => ({ process: thisProcess() }),
        4,
        `process  ${process.pid} on`,
      ],
      ['hosts are all listed', () => ({ hosts: ['h1', 'h2'] }), 3, 'a repair can tell how it ended'],
    ])('is not ended when its %s', async (_, own, code, why) => {
      leave(own())
      const ended = await here.project.run(`unlock --tx ${tx} --fenced`)
      expect([ended.code, generationsIn(kept()).length]).toEqual([code, 3])
      expect(ended.stderr).toContain(why)
    })

    it('is not ended when a host of it that is listed cannot be read', async () => {
      leave({ hosts: ['h2', 'h9'] })
      await here.fleet.stopHost(2)
      const { code, stderr } = await here.project
        .run(`unlock --tx ${tx} --fenced`)
        .finally(() => here.fleet.startHost(2))
      expect([code, generationsIn(kept()).length]).toEqual([3, 3])
      expect(stderr).toContain('h2 could not be read, and may be changing')
      expect(stderr).toContain('clonedeploy repair --give-up h2 --fenced')
    })

    it('is ended only when no host has its lock any more', async () => {
      const locked = (await here.project.run('lock --json')).json().tx
      leave({ tx: locked, target: other })
      expect((await here.project.run(`unlock --tx ${locked} --fenced`)).stdout).toBe('unlocked 2 hosts\n')
      expect(generationsIn(kept())).toHaveLength(3)
      expect((await here.project.run(`unlock --tx ${locked} --fenced`)).code).toBe(0)
      expect(generationsIn(kept()).at(-1)).toMatchObject({ tx: locked, state: 'withdrawn' })
    })
  })

  exhaustively('is made again by a repair where somebody has removed it', async () => {
    const release = await here.project.deployed('one')
    rmSync(join(kept(), 'shop/stages'), { recursive: true })
    expect((await here.project.run('repair')).code).toBe(0)
    expect(generationsIn(kept())).toMatchObject([{ number: 1, state: 'confirmed', confirmed: { release } }])
  })

  describe('in a bucket that is away', () => {
    let s3: S3Server
    beforeEach(async () => {
      for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
      s3 = await startS3()
      configure({ store: { s3: { bucket: 'acme', endpoint: s3.endpoint } } })
    })
    afterEach(async () => {
      vi.unstubAllEnvs()
      await s3.stop()
    })

    it('is not known, and nothing that the fleet is told by is lost', async () => {
      await here.project.deployed('one')
      s3.fault = () => 503
      expect(await status()).toMatchObject({
        code: 0,
        store: { standing: 'unknown', generation: null, error: 'The store s3://acme answered 503.' },
        problems: [],
      })
      const repaired = await here.project.run('repair --json')
      expect(repaired.code).toBe(0)
      expect(repaired.json().warnings).toEqual(['what the store says is not known: The store s3://acme answered 503.'])
      expect(textOf(here.project.on(1, 'current/version'))).toBe('one\n')
    })

    exhaustively('is behind when a confirmation was not heard, and a repair that cannot tell it says so', async () => {
      await here.project.deployed('one')
      here.project.write({ 'app/version': 'two\n' })
      s3.fault = ({ method, key }) => (method === 'PUT' && key.endsWith('4') ? 503 : null)
      const deployed = await here.project.run('deploy --json')
      expect(deployed.code).toBe(0)
      expect(deployed.json().warnings.join()).toContain('clonedeploy repair')
      expect(await status()).toMatchObject({ code: 6, store: { standing: 'left' } })
      const failed = await here.project.run('repair --json')
      expect([failed.code, failed.json().result]).toEqual([6, 'mixed'])
      expect(failed.json().reason).toContain('the store could not be told that the fleet serves')
      s3.fault = () => null
      expect((await here.project.run('repair')).code).toBe(0)
      expect(states(generationsAt(s3))).toEqual(['1 pending', '2 confirmed', '3 pending', '4 confirmed'])
      expect(generationsAt(s3).at(-1)?.confirmed?.release).toBe(deployed.json().release)
      expect((await status()).code).toBe(0)
    })
  })
})
