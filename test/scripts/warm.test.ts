import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { discard } from '../../src/scripts/transaction/end-transaction.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { restore } from '../../src/scripts/transaction/swap.js'
import { laySwitch, switchOver } from '../../src/scripts/transaction/switch.js'
import { cool, forget, warm } from '../../src/scripts/transaction/warm.js'
import { writeFiles } from '../support/files.js'
import { signal, switchesIn } from '../support/processes.js'
import { place, run, type Shell, type Started, shells, start, until } from '../support/scripts.js'
import { locked, newId, newTarget, oldId, oldTarget, staged, succeed, swapped } from './staged.js'

const beside = '.clonedeploy/warm'
const hookOf = (text: string, folder = newTarget) => ({ folder, run: text, timeout: 10 })
const variables = { CLONEDEPLOY_RELEASE: newId }

describe.each(shells)('a warm release under $name', shell => {
  it('is noted before it starts, also when it does not', async () => {
    const root = await locked(shell)
    const what = hookOf(`cat ../../${beside}; pwd; exit 3`)
    expect(await run(warm(place(root), newId, what, variables), shell)).toMatchObject({
      code: 90,
      stdout: `${newId}\n${root}/${newTarget}\n\nexit 3\n`,
    })
    expect(readFileSync(join(root, beside), 'utf8')).toBe(`${newId}\n`)
  })

  it('is no longer noted when the last command has cooled it, and no sooner', async () => {
    const root = await locked(shell)
    await succeed(run(warm(place(root), newId, hookOf('true'), variables), shell))
    const notes = async (text: string, last: boolean) => {
      const { code } = await run(cool(place(root), hookOf(text), variables, last), shell)
      return [code, existsSync(join(root, beside))]
    }
    expect(await notes('true', false)).toEqual([0, true])
    expect(await notes('exit 1', true)).toEqual([90, true])
    expect(await notes('true', true)).toEqual([0, false])
    expect(await notes('true', true)).toEqual([0, false])
  })

  it('is not started and not cooled by a run that has lost its lock', async () => {
    const root = await locked(shell)
    const canary = hookOf('touch started')
    expect((await run(warm(place(root, 't2'), newId, canary, variables), shell)).code).toBe(79)
    expect((await run(cool(place(root, 't2'), canary, variables, true), shell)).code).toBe(79)
    expect([existsSync(join(root, beside)), existsSync(join(root, newTarget, 'started'))]).toEqual([false, false])
  })

  it('ends its own start before it is cooled', async () => {
    const root = await locked(shell)
    const starting = run(warm(place(root), newId, hookOf('echo $$ >pid; sleep 9; touch started'), variables), shell)
    await until(() => existsSync(join(root, newTarget, 'pid')), 'the start')
    await succeed(run(cool(place(root), hookOf('true'), variables, true), shell))
    expect((await starting).code).not.toBe(0)
    expect(existsSync(join(root, newTarget, 'started'))).toBe(false)
  })

  it('keeps its folder while it may still run there', async () => {
    const root = await staged(shell)
    writeFiles(root, {
      '.clonedeploy/tx/t1/made': `${newId}\n`,
      [`.clonedeploy/manifests/${newId}`]: '',
      [beside]: `${newId}\n`,
    })
    await succeed(run(discard(place(root)), shell))
    expect(existsSync(join(root, newTarget))).toBe(true)
  })

  it('is thrown away once it was cooled', async () => {
    const root = await staged(shell)
    writeFiles(root, { '.clonedeploy/tx/t1/made': `${newId}\n`, [`.clonedeploy/manifests/${newId}`]: '' })
    await succeed(run(discard(place(root)), shell))
    expect(existsSync(join(root, newTarget))).toBe(false)
  })
})

describe.each(shells)('the link of a port under $name', shell => {
  const [idle, other] = ['ports/3002', 'ports/3001'] as const
  const linkOf = (root: string, path: string) =>
    readdirSync(join(root, 'ports')).includes(path.slice(6)) && readlinkSync(join(root, path))
  const start = (root: string, text: string) => run(warm(place(root), newId, hookOf(text, '.'), variables, 3002), shell)
  const stop = (root: string, text: string) => run(cool(place(root), hookOf(text, '.'), variables, true, 3002), shell)

  it('names the release before it is started there, with the note, also when it does not start', async () => {
    const root = await locked(shell)
    expect(
      await start(root, `readlink ${idle}; cd -P ${idle} && pwd; cat ${join(root, beside)}; exit 3`),
    ).toMatchObject({
      code: 90,
      stdout: `../${newTarget}\n${root}/${newTarget}\n${newId}\n\nexit 3\n`,
    })
    expect(linkOf(root, idle)).toBe(`../${newTarget}`)
  })

  it.each([
    ['of the release before', { link: `../releases/${oldId}` }],
    ['of the very release', { link: `../${newTarget}` }],
    ['that leads nowhere', { link: '../releases/gone' }],
    ['that leads to a folder elsewhere', { link: '/tmp' }],
  ])('is made anew where there is one %s, and that of the other port stays', async (_, before) => {
    const root = await locked(shell)
    writeFiles(root, { [idle]: before, [other]: { link: `../releases/${oldId}` } })
    await succeed(start(root, 'true'))
    expect([linkOf(root, idle), linkOf(root, other)]).toEqual([`../${newTarget}`, `../releases/${oldId}`])
    expect(readdirSync(join(root, 'ports'))).toEqual(['3001', '3002'])
  })

  it('starts nothing where it cannot be made', async () => {
    const root = await locked(shell)
    writeFiles(root, { [`${idle}/file`]: '' })
    expect((await start(root, 'touch started')).code).toBe(87)
    expect(existsSync(join(root, 'started'))).toBe(false)
  })

  it('is gone when what runs there has ended, before the note, and no sooner; that of the other port stays', async () => {
    const root = await locked(shell)
    writeFiles(root, { [other]: { link: `../releases/${oldId}` } })
    await succeed(start(root, 'true'))
    expect((await stop(root, `readlink ${idle}; exit 1`)).stdout).toBe(`../${newTarget}\n\nexit 1\n`)
    expect([linkOf(root, idle), existsSync(join(root, beside))]).toEqual([`../${newTarget}`, true])
    await succeed(stop(root, 'true'))
    expect([linkOf(root, idle), existsSync(join(root, beside))]).toEqual([false, false])
    expect(linkOf(root, other)).toBe(`../releases/${oldId}`)
    await succeed(stop(root, 'true'))
  })

  it('stays when nothing is known that could end what runs there, and the note goes', async () => {
    const root = await locked(shell)
    await succeed(start(root, 'true'))
    await succeed(run(forget(place(root)), shell))
    expect([linkOf(root, idle), existsSync(join(root, beside))]).toEqual([`../${newTarget}`, false])
  })
})

describe.each(shells)('a switch under $name', shell => {
  it('runs its commands at the word, one after the other, with their variables', async () => {
    const { root, waiting } = await ready(shell, ['echo "$SECRET $X $line" >../one; pwd', 'cat ../one'])
    waiting.send('switch t1')
    expect(await waiting.result).toMatchObject({ code: 0, stdout: `here\n${root}/current\nit's a b\n` })
  })

  it.each([7, 82])('stops at the first command that fails, and says how: %i', async code => {
    const { root, waiting } = await ready(shell, [`exit ${code}`, 'touch second'])
    waiting.send('switch t1')
    expect(await waiting.result).toMatchObject({ code: 90, stdout: `here\n\nexit ${code}\n` })
    expect(existsSync(join(root, newTarget, 'second'))).toBe(false)
  })

  it('ends a command whose time is over', async () => {
    const { waiting } = await ready(shell, ['exec sleep 60'], { timeout: 1, deadline: 5 })
    waiting.send('switch t1')
    const { code, stdout } = await waiting.result
    expect({ code, stdout }).toEqual({ code: 90, stdout: expect.stringMatching(/^here\n\nexit (124|143)\n$/) })
  })

  it.each(['', 'switch t2', 'go t1', 'switch'])('does nothing at the word "%s"', async word => {
    const { root, waiting } = await ready(shell, ['touch done'])
    waiting.send(word)
    expect((await waiting.result).code).toBe(82)
    expect(existsSync(join(root, newTarget, 'done'))).toBe(false)
  })

  it('does nothing when its line is lost', async () => {
    const { root, waiting } = await ready(shell, ['touch done'])
    waiting.hangUp()
    expect((await waiting.result).code).toBe(82)
    expect(existsSync(join(root, newTarget, 'done'))).toBe(false)
  })

  it('does nothing at a word that comes too late', async () => {
    const { root, waiting } = await ready(shell, ['touch done'], { deadline: 1 })
    await sleep(2500)
    waiting.send('switch t1')
    expect((await waiting.result).code).toBe(82)
    expect(existsSync(join(root, newTarget, 'done'))).toBe(false)
  })

  it('is ended by the way back while it waits, and while it runs', async () => {
    for (const runs of [false, true]) {
      const { root, waiting } = await ready(shell, ['touch begun; sleep 9; touch done'])
      if (runs) waiting.send('switch t1')
      if (runs) await until(() => existsSync(join(root, newTarget, 'begun')), 'the first command')
      await succeed(run(restore(place(root), newId), shell))
      waiting.send('switch t1')
      expect((await waiting.result).code).not.toBe(0)
      expect(existsSync(join(root, newTarget, 'done'))).toBe(false)
    }
  })

  it('does nothing once the host has gone back by itself', async () => {
    const { root } = await swapped(shell, { lease: 2 })
    const switches = switchesIn(root)
    signal(switches, 'SIGSTOP')
    expect(existsSync(join(root, '.clonedeploy/tx/t1/restart'))).toBe(true)
    const waiting = await laid(shell, root, ['touch done'])
    signal(switches, 'SIGCONT')
    // The way back ends the switch that waits, and any that begins meanwhile; its last act is the restart.
    await until(() => !existsSync(join(root, '.clonedeploy/tx/t1/restart')), 'the end of the way back')
    expect(existsSync(join(root, '.clonedeploy/tx/t1/outcome.reverted'))).toBe(true)
    expect((await run(switchOver(place(root)), shell)).code).toBe(82)
    waiting.send('switch t1')
    expect((await waiting.result).code).not.toBe(0)
    expect(existsSync(join(root, newTarget, 'done'))).toBe(false)
  })

  it('waits for no word before the swap', async () => {
    const root = await staged(shell)
    await lay(shell, root, ['touch done'])
    expect(await run(switchOver(place(root)), shell)).toMatchObject({ code: 82, stdout: '' })
  })

  it('waits for no word of a run that has lost its lock', async () => {
    const { root } = await ready(shell, ['touch done'])
    writeFileSync(join(root, '.clonedeploy/epochs/1/tx'), 't2\n')
    expect(await run(switchOver(place(root)), shell)).toMatchObject({ code: 79, stdout: '' })
  })
})

describe.each(shells)('a switch back under $name', shell => {
  it('runs its commands at the word, once the host is back', async () => {
    const { root, waiting } = await readyBack(shell, ['echo "$SECRET" >../one; readlink ../../current', 'cat ../one'])
    waiting.send('switch t1')
    expect(await waiting.result).toMatchObject({ code: 0, stdout: `here\n${oldTarget}\nit's\n` })
    expect(existsSync(join(root, '.clonedeploy/tx/t1/restart'))).toBe(true)
  })

  it('waits for no word where the host has not gone back', async () => {
    const { root } = await swapped(shell, { restart: 'true' })
    await lay(shell, root, ['touch done'], { target: oldTarget, isBack: true })
    expect(await run(switchOver(place(root)), shell)).toMatchObject({ code: 82, stdout: '' })
  })

  it('does nothing once the next run has set the way back aside', async () => {
    const { root, waiting } = await readyBack(shell, ['touch done'])
    await succeed(run(layLinks(place(root), newId, oldTarget, Buffer.from('true')), shell))
    waiting.send('switch t1')
    expect((await waiting.result).code).not.toBe(0)
    expect(existsSync(join(root, oldTarget, 'done'))).toBe(false)
  })

  it('does nothing once current leads elsewhere', async () => {
    const { root, waiting } = await readyBack(shell, ['touch done'])
    rmSync(join(root, 'current'))
    symlinkSync(newTarget, join(root, 'current'))
    waiting.send('switch t1')
    expect((await waiting.result).code).toBe(82)
  })

  it('is ended when the host is put back once more', async () => {
    const { root, waiting } = await readyBack(shell, ['touch begun; sleep 9; touch done'])
    waiting.send('switch t1')
    await until(() => existsSync(join(root, oldTarget, 'begun')), 'the first command')
    await succeed(run(restore(place(root), newId), shell))
    expect((await waiting.result).code).not.toBe(0)
    expect(existsSync(join(root, oldTarget, 'done'))).toBe(false)
  })
})

interface Limits {
  readonly deadline?: number
  readonly timeout?: number
  readonly target?: string
  readonly isBack?: true
}

/** A host that has swapped and waits for the word to switch. */
async function ready(
  shell: Shell,
  texts: readonly string[],
  limits: Limits = {},
): Promise<{ root: string; waiting: Started }> {
  const { root } = await swapped(shell)
  return { root, waiting: await laid(shell, root, texts, limits) }
}

/** The same of one that has swapped. */
async function laid(shell: Shell, root: string, texts: readonly string[], limits: Limits = {}): Promise<Started> {
  await lay(shell, root, texts, limits)
  const waiting = start(switchOver(place(root)), shell)
  expect(await waiting.line()).toBe('here')
  return waiting
}

/** A host that has swapped, gone back, and waits for the word to switch. */
async function readyBack(shell: Shell, texts: readonly string[]): Promise<{ root: string; waiting: Started }> {
  const { root } = await swapped(shell, { restart: 'true' })
  await lay(shell, root, ['true'])
  await succeed(run(restore(place(root), newId), shell))
  return { root, waiting: await laid(shell, root, texts, { target: oldTarget, isBack: true }) }
}

async function lay(shell: Shell, root: string, texts: readonly string[], limits: Limits = {}) {
  const { deadline = 20, timeout = 10, target = newTarget, isBack } = limits
  const runs = texts.map(text => ({ folder: 'current', run: text, timeout }))
  const variables = { SECRET: "it's", X: 'a', line: 'b' }
  const what = { target, runs, variables, deadline, ...(isBack && { isBack }) }
  await succeed(run(laySwitch(place(root), what), shell))
}
