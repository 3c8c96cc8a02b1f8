import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { ageLocks } from '../support/lease.js'
import { four as all, onFleet } from '../support/on-fleet.js'
import { type Json, short, textOf } from '../support/project.js'
import { sshdIsHere } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'

describe.skipIf(!sshdIsHere())('a deploy in batches', () => {
  const here = onFleet({ hosts: 4 })
  const restart = 'echo "$CLONEDEPLOY_HOST $(cat version)" >>"$AT/restarts"'
  /** The restarts so far, in their order. */
  const restarts = () => textOf(join(here.project.root, 'restarts')).trim().split('\n').filter(Boolean)
  const versions = () => all.map(i => textOf(here.project.on(i, 'current/version')).trim())
  const configure = (config: object = {}) =>
    here.project.configure({ restart, env: { AT: here.project.root }, ...config })
  const onH = (i: number, command: string) => `[ "$CLONEDEPLOY_HOST" != h${i} ] || { ${command}; }`
  const exists = (name: string) =>
    vi.waitFor(() => expect(existsSync(join(here.project.root, name))).toBe(true), { timeout: 300_000, interval: 20 })

  /** Version one is served by all, restarts are forgotten, version two waits for its deploy. */
  async function served(config: object): Promise<string> {
    configure()
    const release = await here.project.deployed('one')
    here.project.write({ restarts: '', 'app/version': 'two\n' })
    configure(config)
    return release
  }

  it('takes one host after the other, when all hold the release', async () => {
    const { project } = here
    const folders = all.map(i => project.on(i, 'releases')).join(' ')
    const count = `for d in ${folders}; do ls "$d" | wc -l; done | tr -d '\\n ' >>"$AT/held"`
    await served({ rollout: { batch: 1 }, restart: [restart, count], health: { run: 'sleep 0.1' } })
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(0)
    expect(restarts()).toEqual(['h1 two', 'h2 two', 'h3 two', 'h4 two'])
    expect(textOf(join(project.root, 'held'))).toBe('2222'.repeat(4))
    expect(json().swapWindowMs).toBeGreaterThan(300)
    expect(json().hosts.map(({ current }: Json) => current)).toEqual(all.map(() => json().release))
    expect(stderr).toMatch(/swap {4}.*batch 2 of 4: h2\n/)
    const { steps } = (await project.run('deploy --dry-run --force --json')).json()
    expect(steps).toContainEqual({ mark: '!', where: 'batch 4', text: 'h4' })
    expect(steps.map(({ text }: Json) => text)).toContain(`${restart}     (one host at a time)`)
  })

  it('that fails in its second batch puts the first back too, and never touches the third, with 5', async () => {
    const { project } = here
    const health = { run: onH(2, 'grep -q one version'), timeout: '1s' }
    const one = await served({ rollout: { canary: 1, batch: 2 }, health })
    const { code, json, stderr } = await project.run('deploy --json --yes')
    expect(code).toBe(5)
    expect(json()).toMatchObject({ result: 'put-back', previous: one })
    expect(json().hosts.map(({ error }: Json) => error?.phase ?? null)).toEqual([null, 'health', null, null])
    expect(stderr).toContain('putting the 3 of 4 hosts that swapped back')
    expect(stderr).toContain(`All 4 hosts serve ${one} again (verified)`)
    expect(restarts().slice(0, 3).sort()).toEqual(['h1 two', 'h2 two', 'h3 two'])
    expect(restarts().slice(3, 5).sort()).toEqual(['h2 one', 'h3 one'])
    expect(restarts().slice(5)).toEqual(['h1 one'])
    for (const i of all) expect(textOf(project.on(i, '.clonedeploy/bad', json().release))).toMatch(/^h2: /)
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', target: one, lock: null })
  })

  exhaustively(
    'whose controller is killed between two batches goes back by itself',
    async () => {
      const { project } = here
      const one = await served({ rollout: { batch: 2, canary: { hosts: 2, pause: '1h' } } })
      const running = project.start('deploy --yes', { times: short })
      await running.until(/canary .*alone for/)
      expect(versions()).toEqual(['two', 'two', 'one', 'one'])
      const during = await project.run('status --json')
      expect(during.json().hosts.map(({ verdict }: Json) => verdict)).toEqual(all.map(() => 'deploying'))
      running.child.kill('SIGKILL')
      await running.ended
      configure()
      await vi.waitFor(() => expect(restarts().slice(2).sort()).toEqual(['h1 one', 'h2 one']), {
        timeout: 300_000,
        interval: 100,
      })
      expect(versions()).toEqual(all.map(() => 'one'))
      ageLocks(project, all)
      expect((await project.run('repair --json')).code).toBe(0)
      expect((await project.run('status --json')).json()).toMatchObject({
        result: 'consistent',
        target: one,
        lock: null,
      })
      expect((await project.run('deploy')).code).toBe(0)
      expect(versions()).toEqual(all.map(() => 'two'))
    },
    90_000,
  )

  exhaustively('finds that a host of an earlier batch has gone back meanwhile, and puts all back, with 5', async () => {
    const { project } = here
    const hold = onH(2, 'grep -q one version || { : >"$AT/held"; until [ -e "$AT/go" ]; do sleep 0.1; done; }')
    const one = await served({ rollout: { batch: 1 }, restart: [restart, hold] })
    const running = project.start('deploy --json')
    await exists('held')
    // What the dead-man's switch of the first host does.
    const back = `cd ${project.on(1)} && X=$(echo .clonedeploy/tx/*[0-9a-f]) && for d in .clonedeploy/tx/*/; do [ -e $d/undecided ] && mv $d/undecided $d/outcome.reverted && mv -f $d/stage/revert/current ./; done`
    expect((await project.run(`run --only h1 -- ${back}`)).code).toBe(0)
    project.write({ go: '' })
    const { code, json } = await running.ended
    expect(code).toBe(5)
    expect(json().reason).toContain('h1: it has put itself back')
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))
    expect(restarts().filter(line => line.startsWith('h3') || line.startsWith('h4'))).toEqual([])
  })

  exhaustively.each([
    ['here', { run: 'echo "no: $CLONEDEPLOY_HOSTS" >&2; exit 7' }, 'the canary check failed', null],
    ['on the first hosts', { run: '! grep -q two version', on: 'hosts' }, 'h1: ', 'canary'],
  ])('whose canary check fails %s goes back, with 5', async (_, check, reason, phase) => {
    const { project } = here
    const one = await served({ rollout: { canary: { hosts: 1, check } } })
    const { code, json, stderr } = await project.run('deploy --json')
    expect(code).toBe(5)
    expect(json().reason).toContain(reason)
    expect(json().hosts[0].error?.phase ?? null).toBe(phase)
    expect(stderr).toMatch(phase === null ? 'no: h1' : 'grep')
    expect(restarts()).toEqual(['h1 two', 'h1 one'])
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))
  })

  exhaustively('whose canary check is good goes on without asking; a rollback goes in batches too', async () => {
    const { project } = here
    await served({ rollout: { canary: { hosts: 1, pause: '1ms', check: 'true' }, batch: '50%' } })
    expect((await project.run('deploy')).code).toBe(0)
    expect(restarts().map(line => line.split(' ')[0])[0]).toBe('h1')
    project.write({ restarts: '' })
    configure({ rollout: { batch: 2 } })
    expect((await project.run('rollback --yes')).code).toBe(0)
    expect(restarts().slice(0, 2).sort()).toEqual(['h1 one', 'h2 one'])
    expect(restarts()).toHaveLength(4)
  })

  exhaustively('asks on a terminal whether the others follow the canary: a no puts it back, with 5', async () => {
    const { project } = here
    const one = await served({ rollout: { canary: 1 } })
    const question = 'Go on with the other 3?'
    const no = await onTerminal(project.root, 'deploy', [[question, 'n']], { CI: '' })
    expect(no.code).toBe(5)
    expect(no.screen).toContain('you said no after the canary')
    expect(all.map(project.current)).toEqual(all.map(() => `releases/${one}`))
    expect(restarts()).toEqual(['h1 two', 'h1 one'])
    expect((await onTerminal(project.root, 'deploy', [[question, 'y']], { CI: '' })).code).toBe(0)
    expect(versions()).toEqual(all.map(() => 'two'))
  })

  exhaustively('tells a balancer by commands, before and after each batch', async () => {
    const { project } = here
    const tell = (word: string) =>
      `echo "$CLONEDEPLOY_HOST ${word}" >>"$AT/restarts"; echo ${word} >"$AT/$CLONEDEPLOY_SERVER"`
    const command = {
      drain: tell('drain'),
      ready: tell('ready'),
      state: 'cat "$AT/$CLONEDEPLOY_SERVER"',
      server: 's-$N',
    }
    configure()
    await project.deployed('one')
    project.write({ restarts: '', 'app/version': 'two\n', 's-1': 'up', 's-2': 'up', 's-3': 'maint', 's-4': 'up' })
    const config = { rollout: { batch: 2 }, balancer: { command, settle: '10ms' }, restart, env: { AT: project.root } }
    project.configure(config, i => ({ env: { N: i } }))
    const { steps } = (await project.run('deploy --dry-run --json')).json()
    expect(steps.map(({ text }: Json) => text)).toContain(`${restart}     (batch by batch, drained in the balancer)`)
    expect((await project.run('deploy')).code).toBe(0)
    const told = restarts()
    expect(told.slice(0, 2).sort()).toEqual(['h1 drain', 'h2 drain'])
    expect(told.slice(2, 4).sort()).toEqual(['h1 two', 'h2 two'])
    expect(told.slice(4, 6).sort()).toEqual(['h1 ready', 'h2 ready'])
    expect(told.slice(6).sort()).toEqual(['h3 two', 'h4 drain', 'h4 ready', 'h4 two'])
  })

  exhaustively('is refused before anything is touched, where it could not come to its end', async () => {
    const { project } = here
    await served({})
    const refused = async (rollout: object, args: string, exit: number, says: string) => {
      configure({ rollout })
      const { code, stderr, stdout } = await project.run(args)
      expect(code).toBe(exit)
      expect(stderr + stdout).toContain(says)
    }
    await refused({ canary: 1 }, 'deploy', 2, 'pass --yes')
    await refused({ batch: 1 }, 'deploy --no-rollback', 2, '--no-rollback goes with')
    await refused({ minUp: 4 }, 'deploy', 3, 'no host can be taken out of service')
    await refused({ minUp: '100%' }, 'deploy --dry-run', 3, 'no host can be taken out of service')
    for (const i of all) expect(project.releases(i)).toHaveLength(1)
    expect(restarts()).toEqual([])
  })
})
