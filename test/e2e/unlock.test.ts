import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { all, onFleet } from '../support/on-fleet.js'
import { sshdIsHere } from '../support/sshd.js'
import { onTerminal } from '../support/terminal.js'

describe.skipIf(!sshdIsHere())('a lock that is met', () => {
  const here = onFleet()

  exhaustively('tells who keeps it and how it is given back, by exactly the id that was told', async () => {
    const { project } = here
    await project.deployed('one')
    const { tx } = (await project.run('lock --json -m maintenance')).json()
    const refused = await project.run('deploy --force')
    expect(refused.code).toBe(4)
    expect(refused.stderr).toMatch(/✖ production is locked by anna@\S+ since 20\S+Z\. Nothing was changed\.\n/)
    expect(refused.stderr).toContain('  doing    lock  "maintenance"\n')
    expect(refused.stderr).toContain(`  tx       ${tx}\n`)
    expect(refused.stderr).toContain('  seen on  h1, h2, h3\n')
    expect(refused.stderr).toContain(`  release it: clonedeploy unlock --tx ${tx}\n`)
    const status = await project.run('status')
    expect(status.code).toBe(0)
    expect(status.stdout).toContain(`until it is released: clonedeploy unlock --tx ${tx}`)
    const before = all.map(i => inodes(project.on(i)))
    for (const other of [tx.slice(0, -1), `${tx}0`, tx.replace(/.$/, (last: string) => (last === '0' ? '1' : '0'))]) {
      const { code, stderr } = await project.run(`unlock --tx ${other}`)
      expect(code).toBe(2)
      expect(stderr).toContain(`No host is locked by ${other}. Nothing was changed.`)
    }
    expect(all.map(i => inodes(project.on(i)))).toEqual(before)
    expect((await project.run(`unlock --tx ${tx}`)).code).toBe(0)
    expect((await project.run('status --json')).json().lock).toBeNull()
    expect((await project.run(`unlock --tx ${tx}`)).code).toBe(2)
  })

  it('is shown and released when a person says yes; who cannot be asked is told its id', async () => {
    const { project } = here
    await project.deployed('one')
    expect(await project.run('unlock')).toMatchObject({ code: 0, stdout: 'Nothing to do: no host is locked.\n' })
    const { tx } = (await project.run('lock --json -m maintenance')).json()
    for (const flag of ['', ' --yes']) {
      const { code, stderr } = await project.run(`unlock${flag}`)
      expect(code).toBe(2)
      expect(stderr).toContain(`  release it: clonedeploy unlock --tx ${tx}\n`)
    }
    const no = await onTerminal(project.root, 'unlock', [['Release this lock?', 'n']])
    expect(no.code).toBe(3)
    expect((await project.run('status --json')).json().lock).toMatchObject({ tx })
    const { code, screen } = await onTerminal(project.root, 'unlock', [['Release this lock?', 'y']])
    expect(code).toBe(0)
    expect(screen).toMatch(/production is locked by \S+ since \S+\.\n\n {2}doing {4}lock {2}"maintenance"\n/)
    expect((await project.run('status --json')).json().lock).toBeNull()
  })

  exhaustively('is given back on the hosts that answer; the one that does not is named, with 6', async () => {
    const { project, fleet } = here
    await project.deployed('one')
    const { tx } = (await project.run('lock --json')).json()
    await fleet.stopHost(3)
    const { code, stdout, stderr } = await project.run(`unlock --tx ${tx}`).finally(() => fleet.startHost(3))
    expect([code, stdout]).toEqual([6, 'unlocked 2 hosts\n'])
    expect(stderr).toContain(`h3 could not be read: a lock there stays.\n  again: clonedeploy unlock --tx ${tx}`)
    const again = await project.run(`unlock --json --tx ${tx}`)
    expect([again.code, again.json().hosts]).toEqual([0, ['h3']])
    expect((await project.run('deploy --force')).code).toBe(0)
  })

  exhaustively('of a run that lives tells what it does and what it did so far; of one that died, too', async () => {
    const { project } = here
    await project.deployed('one')
    project.configure({ prepare: `: >"$AT/held.$CLONEDEPLOY_HOST"; sleep 30`, env: { AT: project.root } })
    project.write({ 'app/version': 'two\n' })
    const running = project.start('deploy -m hotfix')
    const held = () => all.map(i => Object.keys(inodes(join(project.root, `held.h${i}`))).length)
    await vi.waitFor(() => expect(held()).toEqual([1, 1, 1]), { timeout: 300_000, interval: 20 })
    const { code, stderr } = await project.run('deploy')
    expect(code).toBe(4)
    expect(stderr).toMatch(/is locked by anna@\S+ since \S+, alive \d+s ago\. Nothing was changed\./)
    expect(stderr).toMatch(
      / {2}doing {4}deploy 20\S+ {2}"hotfix"\n {2}tx {7}[0-9a-f]{44}\n {2}so far {3}no host was swapped\n/,
    )
    running.child.kill('SIGKILL')
    await running.ended
    const status = await project.run('status')
    expect(status.code).toBe(0)
    expect(status.stdout).toMatch(/held by anna@.*, and that run is over \(its process is gone\): no host was swapped/)
    expect(status.stdout).toContain('fix: clonedeploy repair')
    project.configure()
    expect((await project.run('repair')).code).toBe(0)
    expect((await project.run('status --json')).json()).toMatchObject({ result: 'consistent', lock: null, next: [] })
  })
})
