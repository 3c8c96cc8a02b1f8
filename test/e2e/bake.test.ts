import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { ageLocks } from '../support/lease.js'
import { all, onFleet } from '../support/on-fleet.js'
import { type Json, short, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'

describe.skipIf(!sshdIsHere())('a deploy that bakes', () => {
  const here = onFleet({ hosts: all.length })
  const restart = 'echo "$CLONEDEPLOY_HOST $(cat version)" >>"$AT/restarts"'
  const configure = (bake?: object, more: object = {}) =>
    here.project.configure({ restart, env: { AT: here.project.root }, ...(bake && { rollout: { bake } }), ...more })
  const linesOf = (name: string) => textOf(join(here.project.root, name)).trim().split('\n').filter(Boolean)
  const versions = () => all.map(i => textOf(here.project.on(i, 'current/version')).trim())
  const status = async () => (await here.project.run('status --json')).json()
  const consistent = (target: string) => ({ result: 'consistent', target, lock: null })
  /** A check that notes what it is told, and says no from its nth look on. */
  const noFrom = (nth: number) => `echo "$CLONEDEPLOY_HOSTS" >>"$AT/looks"; [ "$(grep -c . "$AT/looks")" -lt ${nth} ]`
  const never = noFrom(1000)

  /** Version one is served by all, restarts are forgotten, version two waits for its deploy. */
  async function served(bake: object, more: object = {}): Promise<string> {
    configure(undefined, more)
    const release = await here.project.deployed('one')
    here.project.write({ restarts: '', looks: '', 'app/version': 'two\n' })
    configure(bake, more)
    return release
  }

  it('is confirmed when the time is over and every answer was good; leases are renewed for longer than one lasts', async () => {
    const { project } = here
    await served({ for: '8s', every: '2s', check: never }, { health: { run: 'true' } })
    const running = project.start('deploy --output jsonl', { times: short })
    await vi.waitFor(() => expect(linesOf('looks').length).toBeGreaterThan(0), { timeout: 300_000, interval: 20 })
    expect(versions()).toEqual(all.map(() => 'two'))
    const during = await status()
    expect(during.hosts.map(({ verdict }: Json) => verdict)).toEqual(all.map(() => 'deploying'))
    const { code, stdout } = await running.ended
    expect(code).toBe(0)
    const events = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Json)
    const baked = events.findIndex(({ type, phase }) => type === 'phase.end' && phase === 'bake')
    expect(events[baked]).toMatchObject({ ok: true, note: '4 looks, the last one good' })
    expect(events[baked]?.ms).toBeGreaterThanOrEqual(8000)
    expect(events.filter(({ type }) => type === 'bake.look').map(({ ok }) => ok)).toEqual([true, true, true, true])
    expect(linesOf('looks')).toEqual(Array(4).fill('h1 h2 h3'))
    const phases = events.filter(({ type }) => type === 'phase.start').map(({ phase }) => phase)
    expect(phases.slice(phases.indexOf('health'))).toEqual(['health', 'bake', 'health', 'confirm'])
    expect(linesOf('restarts')).toHaveLength(all.length)
    expect(versions()).toEqual(all.map(() => 'two'))
  })

  it('goes back everywhere when its third look is a no, with 5, and the release is bad', async () => {
    const { project } = here
    const one = await served({ for: '5s', every: '500ms', check: `echo alarm >&2; ${noFrom(3)}` })
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(5)
    expect(json()).toMatchObject({ result: 'put-back', previous: one })
    expect(json().reason).toMatch(/^the bake check failed after .*: .* failed with exit code 1$/)
    expect(linesOf('looks')).toHaveLength(3)
    expect(stderr).toMatch(/bake +until \d\d:\d\d:\d\d, echo alarm .* every 500ms\n/)
    expect(stderr).toMatch(/✖ .* failed with exit code 1\n +bake +\| alarm\n +✖ 3 looks, the last one bad\n/)
    expect(stderr).toContain(`All 3 hosts serve ${one} again (verified)`)
    expect(versions()).toEqual(all.map(() => 'one'))
    expect(linesOf('restarts').slice(3).sort()).toEqual(['h1 one', 'h2 one', 'h3 one'])
    for (const i of all)
      expect(textOf(project.on(i, '.clonedeploy/bad', json().release))).toContain('the bake check failed')
    expect(await status()).toMatchObject(consistent(one))
  })

  exhaustively('whose controller is killed goes back by itself, and a repair has nothing to undo', async () => {
    const { project } = here
    const one = await served({ for: '1h', every: '1s', check: never })
    const running = project.start('deploy', { times: short })
    await vi.waitFor(() => expect(linesOf('looks').length).toBeGreaterThan(1), { timeout: 300_000, interval: 20 })
    expect(versions()).toEqual(all.map(() => 'two'))
    running.child.kill('SIGKILL')
    await running.ended
    configure()
    await vi.waitFor(() => expect(linesOf('restarts').slice(3).sort()).toEqual(['h1 one', 'h2 one', 'h3 one']), {
      timeout: 300_000,
      interval: 100,
    })
    expect(versions()).toEqual(all.map(() => 'one'))
    ageLocks(project)
    expect((await project.run('repair --json')).code).toBe(0)
    expect(await status()).toMatchObject(consistent(one))
  })

  exhaustively.each([
    ['Ctrl-C', 'SIGINT', 'deploy', /Stopped by Ctrl-C during bake\. All 3 hosts serve/],
    ['its time budget', null, 'deploy --timeout 20s', /time budget \(--timeout 20s\) is over/],
  ] as const)('is put back by %s, with 5', async (_, signal, args, says) => {
    const { project } = here
    const one = await served({ for: '1h', every: '5s', check: never })
    const running = project.start(args)
    await running.until(/bake .*until/)
    if (signal !== null) running.child.kill(signal)
    const { code, stderr } = await running.ended
    expect(code).toBe(5)
    expect(stderr).toMatch(says)
    expect(versions()).toEqual(all.map(() => 'one'))
    expect(await status()).toMatchObject(consistent(one))
  })

  it('is confirmed at once with --skip-bake; a rollback never bakes, and a dry run says what a deploy would do', async () => {
    const { project } = here
    const one = await served({ for: '1h', check: noFrom(1) })
    const planned = (await project.run('deploy --dry-run --json')).json().steps.map(({ text }: Json) => text)
    expect(planned).toContain('serve for 1h before the release is confirmed, else all 3 hosts go back')
    expect(planned).toContain(`${noFrom(1)}, every 15s, else all 3 hosts go back`)
    expect((await project.run('deploy --skip-bake')).code).toBe(0)
    expect(versions()).toEqual(all.map(() => 'two'))
    const { code, json } = await project.run('rollback --yes --json')
    expect(code).toBe(0)
    expect(json()).toMatchObject({ result: 'rolled-back', release: one })
    expect(linesOf('looks')).toEqual([])
  })

  exhaustively(
    'watches its hosts although it has no check: one that goes back by itself puts all back, with 5',
    async () => {
      const { project } = here
      const one = await served({ for: '1h', every: '30m' })
      const running = project.start('deploy --json', { times: short })
      await running.until(/bake .*until/)
      // What the dead-man's switch of the first host does.
      const back = `cd ${project.on(1)} && for d in .clonedeploy/tx/*/; do [ -e $d/undecided ] && mv $d/undecided $d/outcome.reverted && mv -f $d/stage/revert/current ./; done`
      expect((await project.run(`run --only h1 -- ${back}`)).code).toBe(0)
      const { code, json } = await running.ended
      expect(code).toBe(5)
      expect(json().reason).toContain('h1: it has put itself back')
      expect(json().hosts[0].error.phase).toBe('bake')
      expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))
      expect(await status()).toMatchObject(consistent(one))
    },
  )

  exhaustively(
    'asks an address from here: a failure that is not one too many is told, and a good answer follows it',
    async () => {
      const { project } = here
      const answers = [200, 503, 200, 503, 503]
      const server = createServer((_, response) => response.writeHead(answers.shift() ?? 200).end('firing: 3'))
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      onTestFinished(() => void server.close())
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/alarms`
      const one = await served({ for: '1h', every: '500ms', failures: 2, check: { url } })
      const { code, json, stderr } = await project.run('deploy --json')
      expect(code).toBe(5)
      expect(answers).toEqual([])
      expect(json().reason).toMatch(/the bake check failed after .*, 2 times in a row: GET .*\/alarms → 503$/)
      expect(stderr.match(/✖ GET .*\/alarms → 503\n/g)).toHaveLength(3)
      expect(stderr).toContain('body: firing: 3')
      expect(versions()).toEqual(all.map(() => 'one'))
      expect(await status()).toMatchObject(consistent(one))
    },
  )

  exhaustively(
    'bakes after each batch where that is asked for, with the hosts that have swapped; a no puts those back',
    async () => {
      const { project } = here
      const one = await served({ for: '1s' })
      const rollout = (check: string) =>
        project.configure({
          restart,
          env: { AT: project.root },
          rollout: { batch: 1, bake: { for: '1s', perBatch: true, check: `cp "$AT/restarts" "$AT/seen"; ${check}` } },
        })
      rollout(noFrom(2))
      const planned = (await project.run('deploy --dry-run --json')).json().steps.map(({ text }: Json) => text)
      expect(planned).toContain(
        'serve for 1s after each batch, the last time before the release is confirmed, else all 3 hosts go back',
      )
      const { code, json, stderr } = await project.run('deploy --json')
      expect([code, json().result]).toEqual([5, 'put-back'])
      expect(stderr).toContain('after batch 1 of 3: h1, until ')
      expect(stderr).toContain('after batch 2 of 3: h2, until ')
      expect(linesOf('seen')).toEqual(['h1 two', 'h2 two'])
      expect(linesOf('looks')).toEqual(['h1', 'h1 h2'])
      expect(linesOf('restarts').filter(line => line.startsWith('h3'))).toEqual([])
      expect(await status()).toMatchObject(consistent(one))
      project.write({ looks: '', 'app/version': 'three\n' })
      rollout(never)
      expect((await project.run('deploy')).code).toBe(0)
      expect(linesOf('looks')).toEqual(['h1', 'h1 h2', 'h1 h2 h3'])
      expect(versions()).toEqual(all.map(() => 'three'))
    },
  )

  exhaustively('bakes once, after its last batch, with every host of the run', async () => {
    const { project } = here
    await served({ for: '1s' })
    project.configure({
      restart,
      env: { AT: project.root },
      rollout: { batch: 1, bake: { for: '1s', check: `cat "$AT/restarts" >"$AT/seen"; ${never}` } },
    })
    expect((await project.run('deploy')).code).toBe(0)
    expect(linesOf('seen')).toEqual(['h1 two', 'h2 two', 'h3 two'])
    expect(linesOf('looks')).toEqual(['h1 h2 h3'])
  })
})
