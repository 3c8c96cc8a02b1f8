import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { allCopies, readArtifact, releaseOf } from '../../src/store/artifacts.js'
import { folderStore } from '../../src/store/folder.js'
import { exhaustively } from '../support/exhaustively.js'
import { all, both, onFleet } from '../support/on-fleet.js'
import { type Json, textOf } from '../support/project.js'
import { type Asked, anyCredentials, type S3Server, startS3 } from '../support/s3-server.js'
import { sshdIsHere } from '../support/sshd.js'
import { generationsAt, generationsIn, states } from '../support/stored.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('with a store', () => {
  const here = onFleet({ hosts: all.length })
  const kept = () => join(here.project.root, 'kept')
  const two = () => here.fleet.hosts.slice(0, 2).map(({ name }, i) => ({ name, deployTo: here.project.on(i + 1) }))
  const served = () => both.map(i => textOf(here.project.on(i, 'current/version')).trim())

  describe('in a folder', () => {
    const configure = (more: object = {}) => here.project.configure({ hosts: two(), store: { dir: 'kept' }, ...more })
    beforeEach(() => configure())

    it('a deploy keeps its files there, and says when it begins and when every host is on them', async () => {
      const release = await here.project.deployed('one')
      const [pending, confirmed, ...more] = generationsIn(kept())
      expect(more).toEqual([])
      expect(pending).toMatchObject({
        number: 1,
        state: 'pending',
        command: 'deploy',
        hosts: ['h1', 'h2'],
        confirmed: null,
      })
      expect(pending?.by).toMatch(/^anna@/)
      expect(pending?.target).toMatchObject({ release, revision: null, clone: { run: { restart: [], health: [] } } })
      expect(confirmed).toMatchObject({ number: 2, state: 'confirmed', tx: pending?.tx, confirmed: pending?.target })
      const stored = await readArtifact(folderStore(kept()), 'shop', pending?.target.digest ?? '', 1e9)
      expect(Buffer.from(stored?.manifest ?? []).toString('latin1')).toContain(' version\n')
      expect([...(stored?.payload.names ?? [])].sort()).toEqual(['./server.js', './version'])
    })

    exhaustively('a deploy that changes nothing says nothing', async () => {
      await here.project.deployed('one')
      expect((await here.project.run('deploy --json')).json().result).toBe('unchanged')
      expect(states(generationsIn(kept()))).toEqual(['1 pending', '2 confirmed'])
    })

    it('a dry run shows what it would say, and says nothing', async () => {
      const { stdout, code } = await here.project.run('deploy --dry-run')
      expect(code).toBe(0)
      expect(stdout).toMatch(/! \S*kept +keep the files of \S+ in it, and that the run is at work\n/)
      expect(stdout).toMatch(/! \S*kept +say in it that the fleet serves \S+\n/)
      expect(generationsIn(kept())).toEqual([])
    })

    it('a deploy that fails before the swap is withdrawn, and its release is not bad', async () => {
      await here.project.deployed('one')
      configure({ prepare: 'exit 1' })
      here.project.write({ 'app/version': 'two\n' })
      expect((await here.project.run('deploy')).code).toBe(3)
      expect(states(generationsIn(kept()))).toEqual(['1 pending', '2 confirmed', '3 pending', '4 withdrawn'])
      expect(generationsIn(kept()).at(-1)).toMatchObject({ reason: expect.stringContaining('h1: '), bad: [] })
      expect(generationsIn(kept()).at(-1)?.confirmed).toEqual(generationsIn(kept())[1]?.target)
    })

    it('a deploy that is put back is withdrawn, and its release is bad', async () => {
      await here.project.deployed('one')
      configure({ health: { run: '! grep -q two version', timeout: '1s' } })
      here.project.write({ 'app/version': 'two\n' })
      const ended = await here.project.run('deploy --json')
      expect([ended.code, served()]).toEqual([5, ['one', 'one']])
      const last = generationsIn(kept()).at(-1)
      expect(last).toMatchObject({ number: 4, state: 'withdrawn', bad: [{ release: ended.json().release }] })
      expect(last?.reason).toBe(ended.json().reason)
    })

    exhaustively('a rollback uploads nothing, and says what the fleet serves then', async () => {
      const one = await here.project.deployed('one')
      const deployed = generationsIn(kept()).at(-1)?.confirmed
      await here.project.deployed('two')
      expect((await here.project.run('rollback --yes')).code).toBe(0)
      const last = generationsIn(kept()).at(-1)
      expect(last).toMatchObject({ number: 6, state: 'confirmed', command: 'rollback', confirmed: { release: one } })
      expect(last?.confirmed).toEqual(deployed)
    })

    exhaustively('a rollback keeps the files of what was deployed without one', async () => {
      here.project.configure({ hosts: two() })
      await here.project.deployed('one')
      await here.project.deployed('two')
      configure()
      // What was kept here is gone, too: a host gives it.
      rmSync(join(here.project.root, '.clonedeploy/cache'), { recursive: true })
      expect((await here.project.run('rollback --yes')).code).toBe(0)
      const digest = generationsIn(kept()).at(-1)?.confirmed?.digest ?? ''
      const stored = await readArtifact(folderStore(kept()), 'shop', digest, 1e9)
      expect([...(stored?.payload.names ?? [])].sort()).toEqual(['./server.js', './version'])
    })

    exhaustively('a join says who takes part, and that the release stays', async () => {
      const release = await here.project.deployed('one')
      here.project.configure({ store: { dir: 'kept' } })
      expect((await here.project.run('join --host h3')).code).toBe(0)
      const last = generationsIn(kept()).at(-1)
      expect(last).toMatchObject({ number: 4, state: 'confirmed', command: 'join', confirmed: { release } })
      expect(last?.hosts).toEqual(['h1', 'h2', 'h3'])
    })

    it('a prune removes the files that no generation names which is kept, and shows them before', async () => {
      const [one, two, three] = [
        await here.project.deployed('one'),
        await here.project.deployed('two'),
        await here.project.deployed('three'),
      ]
      const files = async () => (await allCopies(folderStore(kept()), 'shop')).map(releaseOf).sort()
      const some = await here.project.run('prune --keep 1 --only h1')
      expect([some.code, some.stdout.includes(kept()), await files()]).toEqual([0, false, [one, two, three]])
      const dry = await here.project.run('prune --keep 2 --dry-run')
      expect(dry.stdout).toContain(`${kept()}   would remove 1: ${one}\n`)
      expect(await files()).toEqual([one, two, three])
      expect((await here.project.run('prune --keep 2')).stdout).toContain(`${kept()}   removed 1: ${one}\n`)
      const { code, json } = await here.project.run('prune --keep 1 --json')
      expect([code, await files()]).toEqual([0, [three]])
      const digest = expect.stringMatching(/^sha256:[0-9a-f]{64}$/)
      expect(json().store).toEqual({ name: kept(), removed: [{ release: two, digest }], error: null })
      expect(states(generationsIn(kept()))).toHaveLength(6)
      expect((await here.project.run('prune --keep 1')).stdout).toContain(`${kept()}   removed 0\n`)
    })

    it('what another program has put in its place is refused before anything is changed', async () => {
      await here.project.deployed('one')
      writeFileSync(join(kept(), 'shop/stages/production/generations/0000000003'), '{}')
      here.project.write({ 'app/version': 'two\n' })
      const { code, stderr } = await here.project.run('deploy')
      expect([code, served()]).toEqual([3, ['one', 'one']])
      expect(stderr).toContain('holds a generation 3 of shop production that does not fit')
    })

    exhaustively('two with other inventories never both change what they serve', async () => {
      await here.project.deployed('one')
      const [pending] = generationsIn(kept())
      const theirs = { ...pending, number: 3, tx: 'f'.repeat(44), by: 'ben@elsewhere', hosts: ['h2', 'h9'] }
      writeFileSync(join(kept(), 'shop/stages/production/generations/0000000003'), JSON.stringify(theirs))
      here.project.write({ 'app/version': 'two\n' })
      for (const command of ['deploy', 'rollback --yes', 'join --host h2', 'deploy --dry-run']) {
        const { code, stderr } = await here.project.run(command)
        if (code !== 4) throw new Error(`${command} ended with ${code}: ${stderr}`)
        expect(stderr).toContain('The store says that ben@elsewhere changes production since ')
      }
      expect([served(), states(generationsIn(kept())).length]).toEqual([['one', 'one'], 3])
    })
  })

  describe('in a bucket', () => {
    let s3: S3Server
    const configure = (more: object = {}) =>
      here.project.configure({ hosts: two(), store: { s3: { bucket: 'acme', endpoint: s3.endpoint } }, ...more })
    /** Requests that write a generation of this number. */
    const writes = (number: number, { method, key }: Asked) =>
      method === 'PUT' && key.endsWith(`/generations/${String(number).padStart(10, '0')}`)

    beforeEach(async () => {
      for (const [name, value] of Object.entries(anyCredentials)) vi.stubEnv(name, value)
      s3 = await startS3()
      configure()
      await here.project.deployed('one')
      here.project.write({ 'app/version': 'two\n' })
    })
    afterEach(async () => {
      vi.unstubAllEnvs()
      await s3.stop()
    })

    it('says there what it says in a folder', async () => {
      expect(states(generationsAt(s3))).toEqual(['1 pending', '2 confirmed'])
    })

    it.each([
      'deploy',
      ...exhaustive(['deploy --dry-run', 'rollback --yes', 'join --host h2']),
    ])('%s ends with 3 before it changes anything while that is away', async command => {
      await here.project.deployed('two')
      s3.fault = () => 503
      here.project.write({ 'app/version': 'three\n' })
      const { code, stderr } = await here.project.run(command)
      expect([code, served()]).toEqual([3, ['two', 'two']])
      expect(stderr).toContain('The store s3://acme answered 503.')
      expect(stderr.includes('--no-store')).toBe(!command.startsWith('deploy'))
    })

    exhaustively('a rollback goes on without it when it is told to', async () => {
      await here.project.deployed('two')
      s3.fault = () => 503
      const { code, stderr } = await here.project.run('rollback --yes --no-store')
      expect([code, served()]).toEqual([0, ['one', 'one']])
      expect(stderr).toContain('the store was told nothing')
      expect(states(generationsAt(s3)).length).toBe(4)
    })

    exhaustively('a prune that the store refuses has pruned the hosts, and ends with 3', async () => {
      await here.project.deployed('two')
      s3.fault = ({ method }) => (method === 'DELETE' ? 403 : null)
      const { code, json } = await here.project.run('prune --keep 1 --json')
      expect([code, json().result, json().hosts.map(({ failed }: { failed: boolean }) => failed)]).toEqual([
        3,
        'incomplete',
        [false, false],
      ])
      expect(json().store).toMatchObject({ name: 's3://acme', removed: [] })
      expect(json().store.error).toContain('The store s3://acme ')
      const { stdout } = await here.project.run('prune --keep 1')
      expect(stdout).toMatch(/\ns3:\/\/acme {3}✖ could not be pruned\n {2}The store s3:\/\/acme .*\n$/)
      s3.fault = () => null
      here.project.write({ 'app/version': 'one\n' })
      expect((await here.project.run('deploy')).code).toBe(0)
      const uploads = [...s3.objects.keys()].filter(key => key.includes('/artifacts/') && key.endsWith('/manifest'))
      // What was condemned is relied on no more: the same files were kept again.
      expect(uploads).toHaveLength(3)
      expect((await here.project.run('prune --keep 1 --json')).json().store.removed).toHaveLength(1)
    })

    it.each([
      ['its files cannot be kept', ({ method, key }: Asked) => method !== 'GET' && key.includes('/artifacts/')],
      ...exhaustive([['it cannot say that it begins', (asked: Asked) => writes(3, asked)] as const]),
    ] as const)('a deploy ends with 3 under its locks when %s, and leaves none', async (_, hit) => {
      s3.fault = asked => (hit(asked) ? 503 : null)
      const { code, json } = await here.project.run('deploy --json')
      expect([code, json().result, served()]).toEqual([3, 'aborted', ['one', 'one']])
      expect(json().reason).toContain('The store s3://acme answered 503.')
      expect(json().next).toContain('look: clonedeploy check')
      s3.fault = () => null
      expect((await here.project.run('deploy --json')).json().result).toBe('deployed')
      expect(generationsAt(s3).at(-1)).toMatchObject({ state: 'confirmed', bad: [] })
    })

    exhaustively('a deploy of which the store has lost the beginning’s answer knows what came of it', async () => {
      let lost = 0
      s3.fault = asked => (writes(3, asked) && lost++ === 0 ? 'lost' : null)
      expect((await here.project.run('deploy')).code).toBe(0)
      expect(states(generationsAt(s3)).slice(2)).toEqual(['3 pending', '4 confirmed'])
    })

    it('a confirmed deploy stays one when the store cannot hear it, and the next run tells it', async () => {
      s3.fault = asked => (writes(4, asked) ? 503 : null)
      const ended = await here.project.run('deploy --json')
      expect([ended.code, ended.json().result, served()]).toEqual([0, 'deployed', ['two', 'two']])
      expect(ended.json().warnings.join()).toContain('the store may not say that this was confirmed')
      s3.fault = () => null
      const { release } = ended.json()
      here.project.write({ 'app/version': 'three\n' })
      expect((await here.project.run('deploy')).code).toBe(0)
      expect(states(generationsAt(s3)).slice(2)).toEqual(['3 pending', '4 confirmed', '5 pending', '6 confirmed'])
      expect(generationsAt(s3)[3]?.confirmed?.release).toBe(release)
    })

    exhaustively(
      'a deploy that was put back stays so when the store cannot hear it, and the next run tells it',
      async () => {
        configure({ health: { run: '! grep -q two version', timeout: '1s' } })
        s3.fault = asked => (writes(4, asked) ? 503 : null)
        const ended = await here.project.run('deploy --json')
        expect([ended.code, served()]).toEqual([5, ['one', 'one']])
        expect(ended.json().warnings.join()).toContain('the store may not say that this was withdrawn')
        s3.fault = () => null
        here.project.write({ 'app/version': 'three\n' })
        expect((await here.project.run('deploy')).code).toBe(0)
        expect(states(generationsAt(s3)).slice(2)).toEqual(['3 pending', '4 withdrawn', '5 pending', '6 confirmed'])
      },
    )

    exhaustively('a prune that is stopped while the store is silent says what is gone', async () => {
      for (const text of ['two', 'three']) await here.project.deployed(text)
      let silent = 0
      s3.fault = ({ method }) => (method === 'DELETE' && silent++ === 0 ? 'silent' : null)
      const running = here.project.start('prune --keep 1 --json', { env: anyCredentials })
      await vi.waitFor(() => expect(silent).toBe(1), { timeout: 60_000 })
      running.child.kill('SIGINT')
      const { code, json } = await running.ended
      expect([code, json().result, json().hosts.map(({ removed }: Json) => removed.length)]).toEqual([
        3,
        'incomplete',
        [1, 1],
      ])
      expect(json().store).toMatchObject({ removed: [], error: expect.stringContaining('stopped by Ctrl-C') })
      expect(json().changed).toBeUndefined()
    })

    exhaustively(
      'a deploy that is stopped while the store is silent is withdrawn, whatever came to be kept',
      async () => {
        let silent = 0
        s3.fault = asked => (writes(3, asked) && silent++ === 0 ? 'silent' : null)
        const running = here.project.start('deploy', { env: anyCredentials })
        await vi.waitFor(() => expect(silent).toBe(1), { timeout: 20_000 })
        running.child.kill('SIGINT')
        expect((await running.ended).code).toBe(3)
        expect(states(generationsAt(s3)).slice(2)).toEqual(['3 withdrawn'])
        expect(served()).toEqual(['one', 'one'])
        expect((await here.project.run('deploy')).code).toBe(0)
        expect(generationsAt(s3).at(-1)?.state).toBe('confirmed')
      },
    )
  })
})
