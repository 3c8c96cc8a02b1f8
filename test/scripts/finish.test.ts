import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { discard, finish } from '../../src/scripts/transaction/end-transaction.js'
import { breakLock, lock } from '../../src/scripts/transaction/lock.js'
import { abandon } from '../../src/scripts/transaction/mark-bad.js'
import { prune } from '../../src/scripts/transaction/prune.js'
import { confirm, restore } from '../../src/scripts/transaction/swap.js'
import { writeFiles } from '../support/files.js'
import { currentOf, folder, place, run, shells, shellsOnPath, until } from '../support/scripts.js'
import { armed, locked, newId, newTarget, oldId, oldTarget, staged, succeed, swapped } from './staged.js'

const made = {
  '.clonedeploy/tx/t1/made': `${newId}\n`,
  '.clonedeploy/incoming/t1/tree/a': '',
  [`.clonedeploy/manifests/${newId}`]: '',
  [`.clonedeploy/manifests/${newId}.seal`]: '{}\n\n',
}
const next = (root: string) => lock(place(root, 't2'), '{}', { unresolved: 'refuse' })
const listing = (root: string, dir: string) => readdirSync(join(root, dir)).sort()

describe.each(shells)('discard under $name', shell => {
  it.each([
    'locked',
    'staged',
    'armed',
  ])('removes all that was made on a host that is %s, and gives the lock back', async how => {
    const root =
      how === 'locked' ? await locked(shell) : how === 'staged' ? await staged(shell) : (await armed(shell)).root
    writeFiles(root, made)
    expect(await run(discard(place(root)), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(listing(root, 'releases')).toEqual([oldId])
    for (const dir of ['tx', 'incoming', 'manifests']) expect(listing(root, `.clonedeploy/${dir}`)).toEqual([])
    expect(currentOf(root)).toBe(oldTarget)
    expect((await run(next(root), shell)).code).toBe(0)
  })

  it('leaves a release alone that this transaction did not make', async () => {
    const root = await staged(shell)
    expect((await run(discard(place(root)), shell)).code).toBe(0)
    expect(listing(root, 'releases')).toEqual([oldId, newId])
  })

  it('is refused by a host that has swapped: the release is served', async () => {
    const { root } = await swapped(shell)
    writeFiles(root, made)
    expect((await run(discard(place(root)), shell)).code).toBe(85)
    expect(existsSync(join(root, 'current/file'))).toBe(true)
  })

  it('takes the word from a host that waits for it', async () => {
    const { root, waiting } = await armed(shell)
    await run(discard(place(root)), shell)
    waiting.send('go t1')
    expect((await waiting.result).code).toBe(82)
    expect(currentOf(root)).toBe(oldTarget)
  })
})

describe.each(shells)('finish under $name', shell => {
  const what = { fleet: `{"by":"it's \\\\n $(x)"}`, history: '{"n":1}' }

  it('records the fleet and the history, and gives the lock back', async () => {
    const { root } = await swapped(shell)
    await run(confirm(place(root), newId), shell)
    writeFiles(root, { '.clonedeploy/history': '{"n":0}\n' })
    expect(await run(finish(place(root), what), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(readFileSync(join(root, '.clonedeploy/fleet'), 'utf8')).toBe(`${what.fleet}\n`)
    expect(readFileSync(join(root, '.clonedeploy/history'), 'utf8')).toBe('{"n":0}\n{"n":1}\n')
    expect(existsSync(join(root, '.clonedeploy/tx/t1/restart'))).toBe(false)
    expect(currentOf(root)).toBe(newTarget)
    expect((await run(next(root), shell)).code).toBe(0)
  })

  it('said twice records once', async () => {
    const { root } = await swapped(shell)
    await run(finish(place(root), what), shell)
    expect((await run(finish(place(root), what), shell)).code).toBe(0)
    expect(readFileSync(join(root, '.clonedeploy/history'), 'utf8')).toBe('{"n":1}\n')
  })

  it('is fenced, and does not call itself done, when somebody else has given the lock back or taken it', async () => {
    const { root } = await swapped(shell)
    await succeed(run(confirm(place(root), newId), shell))
    await succeed(run(breakLock(place(root)), shell))
    expect((await run(finish(place(root), what), shell)).code).toBe(79)
    await succeed(run(next(root), shell))
    expect((await run(finish(place(root), what), shell)).code).toBe(79)
    expect(existsSync(join(root, '.clonedeploy/history'))).toBe(false)
  })
})

describe.each(shells)('abandon under $name', shell => {
  it('keeps the release, marks it bad with its reason, and gives the lock back', async () => {
    const { root } = await swapped(shell)
    await run(restore(place(root), newId), shell)
    const bad = `health: it's "500" $(x) \\`
    expect(await run(abandon(place(root), { release: newId, bad, history: '{}' }), shell)).toEqual({
      code: 0,
      stdout: '',
      stderr: '',
    })
    expect(readFileSync(join(root, '.clonedeploy/bad', newId), 'utf8')).toBe(`${bad}\n`)
    expect(listing(root, 'releases')).toEqual([oldId, newId])
    expect((await run(next(root), shell)).code).toBe(0)
  })

  it('marks nothing where the release is not to blame', async () => {
    const { root } = await swapped(shell)
    await run(restore(place(root), newId), shell)
    await run(abandon(place(root), { release: newId, bad: null, history: '{}' }), shell)
    expect(listing(root, '.clonedeploy/bad')).toEqual([])
  })
})

describe.each(shells)('prune under $name', shell => {
  const id = '20250101-000000-old'

  it('removes a release with its records, and says so', async () => {
    const root = await locked(shell, {
      files: {
        [`releases/${id}/a`]: '',
        [`.clonedeploy/manifests/${id}`]: '',
        [`.clonedeploy/manifests/${id}.seal`]: '',
        [`.clonedeploy/bad/${id}`]: '',
      },
    })
    expect(await run(prune(place(root), [id, 'not-there']), shell)).toEqual({
      code: 0,
      stdout: `removed ${id}\n`,
      stderr: '',
    })
    expect(listing(root, 'releases')).toEqual([oldId, newId])
    for (const dir of ['manifests', 'bad']) expect(listing(root, `.clonedeploy/${dir}`)).toEqual([])
  })

  it.each([
    ['served', oldTarget],
    ['served by an absolute link', `ROOT/${oldTarget}`],
    ['served in part', `${oldTarget}/web`],
  ])('never removes a release that is %s', async (_, target) => {
    const root = await locked(shell, { files: { [`${oldTarget}/web/a`]: '' } })
    rmSync(join(root, 'current'))
    symlinkSync(target.replace('ROOT', root), join(root, 'current'))
    expect((await run(prune(place(root), [oldId, newId]), shell)).stdout).toBe(`removed ${newId}\n`)
    expect(listing(root, 'releases')).toEqual([oldId])
  })

  it.each(['next', 'old'])('never removes the %s release of an open transaction', async record => {
    const open = await locked(shell)
    writeFiles(open, {
      [`releases/${id}/a`]: '',
      '.clonedeploy/tx/t0/undecided': '',
      '.clonedeploy/tx/t0/next': record === 'next' ? `${id}\n` : 'x\n',
      '.clonedeploy/tx/t0/old': record === 'old' ? `/srv/shop/releases/${id}\n` : 'x\n',
    })
    expect((await run(prune(place(open), [id]), shell)).stdout).toBe('')
    expect(listing(open, 'releases')).toContain(id)
  })

  it.each(['its folder', 'a folder in it', 'an open file'])('keeps a release that a process holds: %s', async what => {
    const root = await locked(shell, { files: { [`releases/${id}/in/a`]: '', [`releases/${id}x/a`]: '' } })
    const dir = join(root, 'releases', id, ...(what === 'its folder' ? [] : ['in']))
    const child =
      what === 'an open file'
        ? spawn('sh', ['-c', 'exec <"$0/a"; echo; sleep 60 <&0', dir], { cwd: '/' })
        : spawn('sh', ['-c', 'echo; sleep 60'], { cwd: dir })
    try {
      let ready = false
      child.stdout.once('data', () => {
        ready = true
      })
      await until(() => ready, 'the process runs')
      expect((await run(prune(place(root), [id, `${id}x`]), shell)).stdout).toBe(`in use ${id}\nremoved ${id}x\n`)
      expect(existsSync(join(root, 'releases', id, 'in/a'))).toBe(true)
    } finally {
      child.kill('SIGKILL')
    }
  })
})

describe.each(shellsOnPath)('prune under $name, where a release stays,', shell => {
  it('fails where one cannot be removed, and tells which were', async () => {
    const files = { 'releases/stays/a': '', '.clonedeploy/manifests/stays': '', 'releases/goes/a': '' }
    const [root, bin] = [await locked(shell, { files }), folder()]
    const mv = `#!/bin/sh\nfor f do [ "$f" != releases/stays ] || { /bin/mv -f releases/goes .clonedeploy/tx/t1/taken/; exit 1; }; done\nexec /bin/mv "$@"\n`
    writeFiles(bin, { mv: { mode: 0o755, text: mv } })
    const result = await run(prune(place(root), ['stays', 'goes']), { ...shell, path: `${bin}:${shell.path}` })
    expect(result).toEqual({ code: 1, stdout: 'removed goes\n', stderr: '' })
    expect(listing(root, 'releases')).toContain('stays')
    expect(listing(root, '.clonedeploy/manifests')).toEqual(['stays'])
  })
})
