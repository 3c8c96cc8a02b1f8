import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { seal } from '../../src/scripts/prepare/seal.js'
import { unpack } from '../../src/scripts/prepare/unpack.js'
import { readManifest } from '../../src/scripts/read/contents.js'
import { readDates, setDates } from '../../src/scripts/read/file-times.js'
import { inspect } from '../../src/scripts/read/inspect.js'
import { verify } from '../../src/scripts/read/verify.js'
import { command } from '../../src/scripts/shell/hook.js'
import { quote, Script, sh, UnquotableError } from '../../src/scripts/shell/shell.js'
import { discard, finish, keep } from '../../src/scripts/transaction/end-transaction.js'
import { layLinks } from '../../src/scripts/transaction/links.js'
import { breakLock, hold, lock, renew, unlock } from '../../src/scripts/transaction/lock.js'
import { abandon, blame } from '../../src/scripts/transaction/mark-bad.js'
import { prune } from '../../src/scripts/transaction/prune.js'
import { arm, confirm, look, restore } from '../../src/scripts/transaction/swap.js'
import { contents } from '../support/files.js'
import { everyShell, folder, place, run, shells } from '../support/scripts.js'
import { tried } from '../support/tier.js'
import { nasty } from './nasty.js'
import { arriving, succeed } from './staged.js'

const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
const canaries = (dir: string) => Object.keys(contents(dir)).filter(name => /(^|\/)canary$/.test(name))
const all = nasty.map((value, i) => [i, value] as const)

/** Every script, with `value` for the records, texts and paths, and `id` for the release. */
function scripts(root: string, value: string, id = 'r'): readonly Script[] {
  const mine = place(root)
  const shared = { dirs: [value], files: [] }
  return [
    inspect(root, [value]),
    renew(mine),
    unpack(mine, { release: id, base: id, unchanged: 'link', digest: value, revision: value, shared }, arriving(value)),
    unpack(
      mine,
      {
        release: id,
        base: null,
        unchanged: 'copy',
        digest: value,
        revision: value,
        shared: { dirs: [], files: [value] },
        writable: [value],
      },
      arriving(value),
    ),
    readDates(root, id),
    setDates(mine, id, new Map([[0, [value]]]), [value]),
    seal(mine, { release: id, record: value, run: value, hooked: true, writable: [value] }),
    layLinks(mine, id, value, Buffer.alloc(0), value),
    arm(mine, { release: id, old: value, deadline: 1, lease: 1 }),
    look(root, 't1'),
    restore(mine, id),
    confirm(mine, id, value),
    verify(root, id, { whole: true, read: 'all' }),
    verify(root, id, { whole: false, read: 'written', writable: [value] }),
    readManifest(root, id),
    command(root, { folder: value, run: ':', timeout: 5 }, {}),
    prune(mine, [id]),
    blame(mine, id, value),
    keep(mine, id),
    abandon(mine, { release: id, bad: value, history: value }),
    lock(place(root, 't2'), value, { unresolved: 'keep' }),
    breakLock(place(root, 't2')),
    hold(place(root, 't3'), value),
    finish(place(root, 't3'), { fleet: value, history: value }),
    discard(place(root, 't3')),
    unlock(place(root, 't3')),
  ]
}

describe.each(everyShell)('a value in a script under $name', shell => {
  it.each(all)('arrives exactly (%i: %j)', async (_, value) => {
    const { stdout } = await run(new Script('echo', `printf '%s' ${quote(value)}`), shell)
    expect(stdout).toBe(latin1(value))
  })

  // Quoting is the same for all shells: every day each meets another value in all scripts.
  const turn = everyShell.indexOf(shell)
  const harmful = all.filter(([, value]) => value.includes('touch'))
  const mine = harmful.filter((_, n) => n % everyShell.length === turn)
  it.each(tried(all, one => one === mine[0]))('is never run, in whatever script (%i: %j)', async (_, value) => {
    const parent = folder()
    const root = join(parent, 'shop')
    await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
    for (const script of scripts(root, value)) {
      const { stderr } = await run(script, shell, { env: { HOME: parent } })
      expect(stderr, script.name).not.toMatch(/syntax error|unterminated/i)
      expect(canaries(parent), script.name).toEqual([])
    }
  })
})

describe.each(shells)('a value under $name', shell => {
  it.each(
    all.filter(([, value]) => value.trim() !== '' && !value.includes('/')),
  )('is a folder to deploy to (%i: %j)', async (_, value) => {
    const parent = folder()
    const root = `${parent}/${value}`
    await succeed(run(lock(place(root), '{}', { unresolved: 'refuse' }), shell))
    expect(readdirSync(parent)).toEqual([value])
    const { stdout } = await run(inspect(root, []), shell)
    expect(stdout.split('\n')).toContain(`root ${latin1(root).replaceAll('\n', '\x1e')}`)
    await succeed(run(unlock(place(root)), shell))
    expect(canaries(parent)).toEqual([])
  })

  it.each(all)('is recorded exactly (%i: %j)', async (_, value) => {
    const root = folder()
    await succeed(run(lock(place(root), value, { unresolved: 'refuse' }), shell))
    expect(readFileSync(join(root, '.clonedeploy/epochs/1/holder'), 'utf8')).toBe(`${value}\n`)
    await succeed(run(abandon(place(root), { release: 'r', bad: value, history: value }), shell))
    expect(readFileSync(join(root, '.clonedeploy/history'), 'utf8')).toBe(`${value}\n`)
    expect(readFileSync(join(root, '.clonedeploy/bad/r'), 'utf8')).toBe(`${value}\n`)
  })

  it.each(all)('is a command (%i: %j)', async (_, value) => {
    const root = folder()
    const { stdout } = await run(
      command(root, { folder: '.', run: `printf '%s' ${quote(value)}`, timeout: 10 }, {}),
      shell,
    )
    expect(stdout).toBe(latin1(value))
    expect(readdirSync(root)).toEqual([])
  })
})

it('a NUL byte is refused', () => {
  expect(() => quote('a\0b')).toThrow(UnquotableError)
})

it.each(['../../x', 'a/b', '.', '..', '-rf', '', 'a b', 'x'.repeat(65), ...nasty])('%j is no id in a path', id => {
  const builders: readonly (() => Script)[] = [
    () => prune(place('/srv'), [id]),
    () => restore(place('/srv'), id),
    () => layLinks(place('/srv'), id, null, Buffer.alloc(0)),
    () => abandon(place('/srv'), { release: id, bad: 'why', history: '{}' }),
    () => readManifest('/srv', id),
    () => look('/srv', id),
    () => renew(place('/srv', id)),
    () => restore({ ...place('/srv'), of: id }, 'r'),
    () => lock(place('/srv', id), '{}', { unresolved: 'keep' }),
  ]
  for (const build of builders) expect(build).toThrow(/ is no (release|transaction) id$/)
})

it('comments of a script stay here, and what looks like one in a value does not', () => {
  const value = 'a\n# b\nc'
  expect(
    sh`x=1
  # why
y=${value}
# and how
z=2`.text,
  ).toBe("x=1\ny='a\n# b\nc'\nz=2")
})
