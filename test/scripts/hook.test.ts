import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { codes } from '../../src/scripts/shell/codes.js'
import { afterwards, command, type HookRun, hook } from '../../src/scripts/shell/hook.js'
import { Script, sh } from '../../src/scripts/shell/shell.js'
import { discard } from '../../src/scripts/transaction/end-transaction.js'
import { lock } from '../../src/scripts/transaction/lock.js'
import { writeFiles } from '../support/files.js'
import { everyShell, folder, place, run, shells, until } from '../support/scripts.js'
import { nasty } from './nasty.js'
import { locked, oldId, oldTarget, succeed } from './staged.js'

const record = '.clonedeploy/tx/t1/hook'
const inOld = (text: string, timeout = 30): HookRun => ({ folder: oldTarget, run: text, timeout })

describe.each(shells)('a hook under $name', shell => {
  it('runs in its folder, and its output is what it printed', async () => {
    const root = await locked(shell)
    const result = await run(hook(place(root), inOld('pwd; cat file; echo oops >&2'), {}), shell)
    expect(result).toEqual({ code: 0, stdout: `${root}/releases/${oldId}\nold`, stderr: 'oops\n' })
  })

  it.each([
    'limit',
    'c',
    'h',
    'X',
    't',
    'e',
    'clonedeploy_locale',
    'LC_ALL',
    'PWD_',
    'CDPATH',
  ])('gets a variable of the name %s, whatever we call ours, and is on record', async name => {
    const root = await locked(shell)
    const text = `until [ -s ../../${record} ]; do sleep 0.1; done; printf '%s' "$${name}"`
    const { code, stdout } = await run(hook(place(root), inOld(text), { [name]: 'a value' }), shell)
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'a value' })
    expect(existsSync(join(root, record))).toBe(false)
  })

  it.each([
    [{}, ''],
    [{ LC_ALL: 'C.UTF-8' }, 'C.UTF-8'],
  ])('has the locale of the login (%j)', async (env, expected) => {
    const root = await locked(shell)
    expect((await run(hook(place(root), inOld('printf %s "$LC_ALL"'), {}), shell, { env })).stdout).toBe(expected)
    expect((await run(command(root, inOld('printf %s "$LC_ALL"'), {}), shell, { env })).stdout).toBe(expected)
  })

  it('has nothing on its stdin', async () => {
    const root = await locked(shell)
    expect(await run(hook(place(root), inOld('cat; echo end'), { A: 'secret' }), shell)).toEqual({
      code: 0,
      stdout: 'end\n',
      stderr: '',
    })
  })

  it('is ended when its time is over', async () => {
    const root = await locked(shell)
    const result = await run(hook(place(root), inOld('echo begun; exec sleep 10', 1), {}), shell)
    expect(result.code).toBe(90)
    expect(result.stdout).toMatch(/^begun\n\nexit (124|143)\n$/)
  })

  it.each([
    'releases/gone',
    'current/gone',
    "it's $(gone)",
  ])('does not run at all when its folder %s is missing', async gone => {
    const root = await locked(shell)
    const canary = join(folder(), 'canary')
    const result = await run(hook(place(root), { folder: gone, run: `touch ${canary} here`, timeout: 10 }, {}), shell)
    expect(result.code).toBe(88)
    expect([existsSync(canary), existsSync(join(root, 'here'))]).toEqual([false, false])
  })

  it.each<[string, (root: string) => unknown]>([
    ['begun to be discarded', (root: string) => writeFiles(root, { '.clonedeploy/tx/t1/calledoff': '' })],
    ['begun to be taken over', (root: string) => writeFiles(root, { '.clonedeploy/epochs/2/': '' })],
    ['discarded', (root: string) => succeed(run(discard(place(root)), shell))],
    [
      'taken over',
      (root: string) => succeed(run(lock(place(root, 't2'), '{}', { unresolved: 'refuse', over: 't1' }), shell)),
    ],
  ])('never begins when it comes to that after its transaction was %s', async (_, end) => {
    const root = await locked(shell)
    const late = sh`touch at-it; until [ -e go ]; do sleep 0.05; done`
    const running = run(hook(place(root), inOld('touch ran'), {}, { before: late }), shell)
    await until(() => existsSync(join(root, 'at-it')), 'it is past its fence')
    await end(root)
    writeFiles(root, { go: '' })
    expect((await running).code).toBe(codes.fenced)
    expect(existsSync(join(root, oldTarget, 'ran'))).toBe(false)
    expect(existsSync(join(root, record))).toBe(false)
  })

  it('does not follow CDPATH', async () => {
    const root = await locked(shell)
    const elsewhere = folder()
    writeFiles(elsewhere, { 'gone/': '', [`${oldTarget}/`]: '' })
    const env = { CDPATH: elsewhere }
    const there = (name: string, own = {}) =>
      run(command(root, { folder: name, run: 'pwd', timeout: 10 }, own), shell, { env })
    expect(await there('gone')).toMatchObject({ code: 88, stdout: '' })
    for (const own of [{}, env])
      expect(await there(oldTarget, own)).toMatchObject({ code: 0, stdout: `${root}/releases/${oldId}\n` })
  })
})

describe.each(everyShell)('a command under $name', shell => {
  it('gets every variable exactly, and none is on a command line', async () => {
    const root = await locked(shell)
    const variables = Object.fromEntries(nasty.map((value, i) => [`V${i}`, value]))
    const names = Object.keys(variables)
      .map(name => `"$${name}"`)
      .join(' ')
    const made = hook(place(root), inOld(`printf '%s\\0' ${names}`), variables)
    for (const value of nasty.filter(value => value.length > 8)) expect(made.text).not.toContain(value)
    const { code, stdout } = await run(made, shell)
    expect(code).toBe(0)
    expect(Buffer.from(stdout, 'latin1').toString('utf8').split('\0').slice(0, -1)).toEqual(nasty)
  })

  it.each([
    ['exit 1', 1],
    ['exit 75', 75],
    ['exit 255', 255],
    ['no-such-program', 127],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['echo no newline at the end; printf x; exit 3', 3],
    ['if', 2],
  ])('that ends by `%s` is told as %i', async (text, code) => {
    const root = await locked(shell)
    const result = await run(hook(place(root), inOld(text), {}), shell)
    expect(result.code).toBe(90)
    const said = Number(/\nexit (\d+)\n$/.exec(result.stdout)?.[1])
    // A syntax error is 1, 2 or 127, by the shell.
    expect(text === 'if' ? said > 0 : said === code).toBe(true)
  })
})

describe.each(shells.filter(({ name }) => name !== 'busybox'))('a hook under $name whose time is over', shell => {
  it('is ended with its children', async () => {
    const root = await locked(shell)
    const result = await run(hook(place(root), inOld('echo begun; sleep 60; echo never', 1), {}), shell)
    expect(result).toMatchObject({ code: 90, stdout: 'begun\n\nexit 124\n' })
  })
})

describe.each(shells)("what the dead-man's switch runs, under $name", shell => {
  it('is every hook, one after the other, with its variables, and fails when one did', async () => {
    const root = await locked(shell)
    const runs = [
      inOld(`printf '%s|' "$A" >>../../ran; exit 1`),
      inOld(`printf '%s|' "$c" >>../../ran; cat >>../../ran`),
    ]
    const text = afterwards(root, runs, { A: "it's\n$(x)", c: 'mine' })
    expect((await run(new Script('restart', Buffer.from(text).toString('utf8')), shell)).code).toBe(1)
    expect(readFileSync(join(root, 'ran'), 'utf8')).toBe("it's\n$(x)|mine|")
  })

  it.each([
    [['true', 'true'], 0],
    [['true', 'exit 7'], 7],
    [['exit 7', 'true'], 7],
  ])('ends with the failure of %j: %i', async (hooks, code) => {
    const root = await locked(shell)
    const text = afterwards(
      root,
      hooks.map(run => inOld(run)),
      {},
    )
    expect((await run(new Script('restart', Buffer.from(text).toString('utf8')), shell)).code).toBe(code)
  })

  it('is nothing where there are no hooks', () => {
    expect(afterwards('/srv/shop', [], { A: 'a' })).toHaveLength(0)
  })

  it('does nothing when the folder is gone', async () => {
    const canary = join(folder(), 'canary')
    const text = afterwards('/nowhere/at/all', [{ folder: '.', run: `touch ${canary}`, timeout: 10 }], {})
    await run(new Script('restart', Buffer.from(text).toString('utf8')), shell)
    expect(existsSync(canary)).toBe(false)
  })
})
