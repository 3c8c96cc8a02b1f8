import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type Generation, generationText } from '../../src/store/generation.js'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { both, onFleet } from '../support/on-fleet.js'
import { allow, signedBy, signer, signingKey } from '../support/signers.js'
import { sshdIsHere } from '../support/sshd.js'
import { generationsIn, states } from '../support/stored.js'
import { tried } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('a store whose generations are signed', () => {
  const here = onFleet({ hosts: both.length })
  const kept = () => join(here.project.root, 'kept')
  const folder = () => join(kept(), 'shop/stages/production/generations')
  const newest = () => join(folder(), readdirSync(folder()).sort().at(-1) ?? '')
  const everything = () => [
    inodes(folder()),
    inodes(join(kept(), 'shop/artifacts')),
    ...both.map(i => inodes(here.project.on(i))),
  ]
  const { anna, ben } = { anna: () => join(here.project.root, 'anna'), ben: () => join(here.project.root, 'ben') }
  const configure = (key: () => string = anna) =>
    here.project.configure({ store: { dir: 'kept' }, sign: { key: key() }, allowedSigners: 'allowed_signers' })

  beforeEach(() => {
    for (const name of ['anna', 'ben']) signingKey(here.project.root, name)
    allow(here.project.root, signer(anna()))
    configure()
  })

  /** The newest generation as somebody else has left it. */
  const left: Readonly<Record<string, (text: string) => string | Buffer>> = {
    unsigned: text => `${text.split('\n')[0]}\n`,
    changed: text => text.replace('"h2"', '"h9"'),
    'signed by a stranger': text => signedBy(ben(), `${text.split('\n')[0]}\n`),
    'pending, and unsigned': () =>
      generationText({ ...(generationsIn(kept()).at(-1) as Generation), state: 'pending' }),
  }
  const spoil = (how: string) => {
    writeFileSync(newest(), left[how]?.(readFileSync(newest(), 'utf8')) ?? '')
  }

  it('is told of every run, and of its end, by the one who makes it', async () => {
    const one = await here.project.deployed('one')
    await here.project.deployed('two')
    expect((await here.project.run('rollback --yes')).code).toBe(0)
    expect(states(generationsIn(kept()))).toEqual(
      [1, 2, 3, 4, 5, 6].map(n => `${n} ${n % 2 ? 'pending' : 'confirmed'}`),
    )
    for (const name of readdirSync(folder()))
      expect(readFileSync(join(folder(), name), 'utf8')).toMatch(/^\{.*\}\n-----BEGIN SSH SIGNATURE-----\n/)
    const { code, json } = await here.project.run('status --json')
    expect([code, json().store]).toMatchObject([0, { standing: 'even', generation: { number: 6, confirmed: one } }])
    expect((await here.project.run('check')).code).toBe(0)
  })

  const commands = [
    'deploy --force',
    'deploy --dry-run',
    'rollback --yes',
    'join --host h2',
    'repair',
    'repair --dry-run',
    'check',
    'status',
    'prune --keep 1',
  ]
  const cases = Object.keys(left).flatMap(how => commands.map(command => [command, how] as const))
  const everyday = new Set(['deploy --force unsigned', 'status changed'])

  it.each(
    tried(cases, ([command, how]) => everyday.has(`${command} ${how}`)),
  )('`%s` refuses a generation that is %s with 3, and changes nothing', async (command, how) => {
    await here.project.deployed('one')
    await here.project.deployed('two')
    spoil(how)
    const before = everything()
    const { code, stdout, stderr } = await here.project.run(command)
    expect(code, stderr).toBe(3)
    expect(stdout + stderr).toMatch(/generation 4 that is (not signed|signed, but was changed|signed by the ED25519)/)
    expect(everything()).toEqual(before)
  })

  exhaustively('that nobody may have signed keeps no repair from making hosts alike', async () => {
    const one = await here.project.deployed('one')
    const two = await here.project.deployed('two')
    rmSync(here.project.on(2, 'current'))
    symlinkSync(`releases/${one}`, here.project.on(2, 'current'))
    spoil('unsigned')
    const told = inodes(kept())
    const { code, json } = await here.project.run('repair --json')
    expect([code, json().reason]).toEqual([6, expect.stringContaining('holds a generation 4 that is not signed')])
    for (const i of both) expect(here.project.current(i)).toBe(`releases/${two}`)
    expect(inodes(kept())).toEqual(told)
  })

  exhaustively('says so in status, beside what the fleet serves', async () => {
    const one = await here.project.deployed('one')
    spoil('changed')
    const { code, json } = await here.project.run('status --json')
    const { target, result, store, problems, next } = json()
    expect({ code, target, result, standing: store.standing }).toEqual({
      code: 3,
      target: one,
      result: 'consistent',
      standing: 'unsigned',
    })
    expect(problems).toEqual([expect.stringContaining('holds a generation 2 that is signed, but was changed since')])
    expect(next.join('\n')).toContain('deploy --trust-generation 2')
  })

  exhaustively('goes on after a person has believed the newest one', async () => {
    here.project.configure({ store: { dir: 'kept' } })
    await here.project.deployed('one')
    configure()
    expect((await here.project.run('deploy --force')).code).toBe(3)
    expect((await here.project.run('deploy --force --trust-generation 1')).code).toBe(3)
    const trusted = await here.project.run('deploy --force --trust-generation 2')
    expect(trusted.code, trusted.stderr).toBe(0)
    await here.project.deployed('two')
    expect(states(generationsIn(kept())).at(-1)).toBe('6 confirmed')
    expect((await here.project.run('status')).code).toBe(0)
  })

  exhaustively('takes another key, and the old one no more', async () => {
    await here.project.deployed('one')
    allow(here.project.root, signer(anna()), signer(ben()))
    configure(ben)
    await here.project.deployed('two')
    allow(here.project.root, signer(ben()))
    await here.project.deployed('three')
    configure(anna)
    const before = everything()
    const { code, stderr } = await here.project.run('deploy --force')
    expect([code, stderr]).toEqual([3, expect.stringMatching(/what is signed here is signed by .* does not allow/)])
    expect(everything()).toEqual(before)
    expect((await here.project.run('status')).code).toBe(0)
  })

  exhaustively('hears nothing from a configuration that signs nothing', async () => {
    const one = await here.project.deployed('one')
    for (const allowedSigners of [{}, { allowedSigners: 'allowed_signers' }]) {
      here.project.configure({ store: { dir: 'kept' }, ...allowedSigners })
      const { code, stderr } = await here.project.run('deploy --force')
      expect([code, stderr]).toEqual([3, expect.stringContaining('the config has no "sign"')])
      expect((await here.project.run('status')).code).toBe(0)
      for (const i of both) expect(here.project.current(i)).toBe(`releases/${one}`)
    }
    expect(states(generationsIn(kept()))).toEqual(['1 pending', '2 confirmed'])
  })
})
