import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { ageLocks } from '../support/lease.js'
import { all, onFleet } from '../support/on-fleet.js'
import { type Json, short, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { exhaustive } from '../support/tier.js'

describe.skipIf(!sshdIsHere())('a host that is lost in a deploy', () => {
  const here = onFleet({ hosts: all.length })
  const file = (name: string) => join(here.project.root, name)
  /** Says where it is, and waits there for the test. */
  const held = (step: string) =>
    `touch "$AT/${step}-$CLONEDEPLOY_HOST"; while [ -e "$AT/hold-${step}" ]; do sleep 0.05; done`
  const versions = (hosts: readonly number[] = all) =>
    hosts.map(i => textOf(here.project.on(i, 'current/version')).trim())
  const listed = (hosts: readonly number[]) =>
    JSON.stringify(hosts.map(i => ({ name: `h${i}`, deployTo: here.project.on(i) })))

  function configure(more: object = {}): void {
    here.project.configure({
      hosts: { command: 'sh ./list.sh' },
      env: { AT: here.project.root },
      prepare: [held('prepare')],
      restart: held('restart'),
      ...more,
    })
  }

  /** All serve version one, and version two is to come; the command lists these hosts. */
  async function served(more: object = {}): Promise<string> {
    const { project } = here
    project.write({ 'list.sh': 'cat hosts.json\n', 'hosts.json': listed(all) })
    configure(more)
    const release = await project.deployed('one')
    for (const i of all) for (const step of ['prepare', 'restart']) await remove(`${step}-h${i}`)
    project.write({ 'app/version': 'two\n' })
    return release
  }

  async function remove(name: string): Promise<void> {
    const { rm } = await import('node:fs/promises')
    await rm(file(name), { force: true })
  }

  /** Deploys; once h3 is in this step, what `lose` does happens, and the step may go on. */
  async function losing(step: string, lose: () => Promise<void> | void, args = 'deploy --output jsonl') {
    const { project } = here
    writeFileSync(file(`hold-${step}`), '')
    const running = project.start(args, { times: short })
    await vi.waitFor(() => expect(existsSync(file(`${step}-h3`))).toBe(true), { timeout: 300_000, interval: 20 })
    await lose()
    await remove(`hold-${step}`)
    const { code, stdout, stderr } = await running.ended
    const events = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Json)
    return { code, stderr, events, outcome: events.at(-1).outcome as Json }
  }

  const unlist = (hosts: readonly number[]) => writeFileSync(file('hosts.json'), listed(hosts))
  const says = 'h3 was lost, and `sh ./list.sh` does not list it any more: the run went on without it'

  it.each([
    'prepare',
    ...exhaustive(['restart']),
  ])('and is no longer listed is gone: the run goes on without it in %s, and a repair takes it back', async step => {
    const { project, fleet } = here
    const one = await served()
    const { code, outcome, events } = await losing(step, async () => {
      unlist([1, 2])
      await fleet.stopHost(3)
    })
    expect([code, outcome.result]).toEqual([0, 'deployed'])
    expect(outcome.hosts.map(({ name, current }: Json) => [name, current === outcome.release])).toEqual([
      ['h1', true],
      ['h2', true],
    ])
    expect(outcome.gone).toEqual([{ name: 'h3', phase: step, message: expect.any(String) }])
    expect(outcome.warnings).toContain(says)
    expect(events).toContainEqual(expect.objectContaining({ type: 'host.gone', host: 'h3', phase: step }))
    expect(versions([1, 2])).toEqual(['two', 'two'])
    const record = JSON.parse(textOf(project.on(1, '.clonedeploy/fleet')))
    expect(record.hosts).toEqual(['h1', 'h2'])
    expect(record.excluded).toMatchObject([{ host: 'h3', reason: expect.stringContaining('no longer listed') }])
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null })
    await fleet.startHost(3)
    unlist(all)
    ageLocks(project)
    // Without its power, the host could not put itself back: what it swapped to is in doubt, and it moves nobody.
    expect(project.current(3)).toBe(`releases/${step === 'prepare' ? one : outcome.release}`)
    expect((await project.run('status')).code).toBe(6)
    const repaired = await project.run('repair --json')
    expect([repaired.code, repaired.json().release]).toEqual([0, outcome.release])
    expect(versions()).toEqual(['two', 'two', 'two'])
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', target: outcome.release })
  })

  it('and is still listed stops the deploy: all is as it was, with 3, and it says why', async () => {
    const { fleet } = here
    await served()
    const { code, outcome, events } = await losing('prepare', () => fleet.stopHost(3))
    await fleet.startHost(3)
    expect([code, outcome.result, outcome.gone]).toEqual([3, 'aborted', undefined])
    expect(versions()).toEqual(['one', 'one', 'one'])
    const notes = events.filter(({ type }) => type === 'note').map(({ text }) => text)
    expect(notes).toContain('h3 does not answer: asking `sh ./list.sh` which hosts there are')
    expect(notes).toContain('the run does not go on without h3: h3 is still listed')
  })

  it.each(
    exhaustive([
      ['fails', 'exit 4', 'ended with exit code 4'],
      ['lists nobody', 'echo []', 'lists no hosts'],
      ['has lost a host that answers, too', `echo '["h1"]'`, 'it does not list h2 either, and that answers'],
    ] as const),
  )('stops the deploy where the command %s', async (_, script, why) => {
    const { fleet } = here
    await served()
    const { code, events } = await losing('prepare', async () => {
      writeFileSync(file('list.sh'), `${script}\n`)
      await fleet.stopHost(3)
    })
    await fleet.startHost(3)
    expect(code).toBe(3)
    expect(events.map(({ text }) => text)).toContainEqual(expect.stringContaining(why))
    expect(versions()).toEqual(['one', 'one', 'one'])
  })

  exhaustively('and is still listed after the swap puts the others back, with 6', async () => {
    const { fleet } = here
    await served()
    const { code } = await losing('restart', () => fleet.stopHost(3))
    await fleet.startHost(3)
    expect(code).toBe(6)
    expect(versions([1, 2])).toEqual(['one', 'one'])
  })

  exhaustively('and fails by itself is not asked about: the command runs once', async () => {
    await served({ restart: 'case "$CLONEDEPLOY_HOST $(cat version)" in "h3 two") exit 1;; esac' })
    writeFileSync(file('list.sh'), 'echo >>asked; cat hosts.json\n')
    const { code } = await here.project.run('deploy')
    expect([code, textOf(file('asked'))]).toEqual([5, '\n'])
    expect(versions()).toEqual(['one', 'one', 'one'])
  })

  exhaustively(
    'and is cut off goes back by itself meanwhile, moves nobody when it is back, and is repaired',
    async () => {
      const { project, fleet } = here
      const one = await served({ ssh: { configFile: fleet.sshConfigFile, connectTimeout: '3s' } })
      const { code, outcome } = await losing('restart', () => {
        unlist([1, 2])
        fleet.partition(3)
      })
      try {
        expect([code, outcome.gone[0].name]).toEqual([0, 'h3'])
        expect(versions([1, 2])).toEqual(['two', 'two'])
        await vi.waitFor(() => expect(project.current(3)).toBe(`releases/${one}`), { timeout: 60_000, interval: 100 })
      } finally {
        fleet.heal(3)
      }
      unlist(all)
      ageLocks(project)
      const repaired = await project.run('repair --json')
      expect([repaired.code, repaired.json().release]).toEqual([0, outcome.release])
      expect(versions()).toEqual(['two', 'two', 'two'])
    },
  )

  exhaustively('in a rollback is gone, too', async () => {
    const { project, fleet } = here
    const one = await served()
    await project.deployed('two')
    for (const step of ['prepare', 'restart']) await remove(`${step}-h3`)
    const { code, outcome } = await losing(
      'restart',
      async () => {
        unlist([1, 2])
        await fleet.stopHost(3)
      },
      'rollback --yes --output jsonl',
    )
    await fleet.startHost(3)
    expect([code, outcome.result, outcome.release, outcome.gone[0].name]).toEqual([0, 'rolled-back', one, 'h3'])
    expect(versions([1, 2])).toEqual(['one', 'one'])
  })
})
