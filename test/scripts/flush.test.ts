import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { recordDrains } from '../../src/scripts/transaction/balancer-notes.js'
import { decide } from '../../src/scripts/transaction/decide.js'
import { keep, recordFleet } from '../../src/scripts/transaction/finish.js'
import { seal } from '../../src/scripts/transaction/links.js'
import { confirm, restore } from '../../src/scripts/transaction/swap.js'
import { writeFiles } from '../support/files.js'
import { busybox, folder, place, run, type Shell, shellsOnPath } from '../support/scripts.js'
import { armed, locked, newId, newTarget, oldTarget, staged, succeed, swapped } from './staged.js'

const tx = '.clonedeploy/tx/t1'

describe.each(shellsOnPath)('what must survive a power cut is flushed under $name', shell => {
  /** The same shell; its `sync` notes the files of the folder that it is run in, and where `current` leads. */
  function watched(): { readonly shell: Shell; readonly flushed: () => readonly (readonly string[])[] } {
    const bin = folder()
    const real = shell.name === 'busybox' ? `${busybox} sync` : '/usr/bin/sync'
    const text = `#!/bin/sh\n{ find . ; echo "current $(readlink current)"; echo; } >>'${bin}/seen'\nexec ${real} "$@"\n`
    writeFiles(bin, { sync: { mode: 0o755, text } })
    const seen = () => (existsSync(join(bin, 'seen')) ? readFileSync(join(bin, 'seen'), 'utf8') : '')
    const flushed = () =>
      seen()
        .split('\n\n')
        .slice(0, -1)
        .map(text => text.split('\n'))
    return { shell: { ...shell, path: `${bin}:${shell.path}` }, flushed }
  }

  it('the files of a release, before it is sealed', async () => {
    const root = await locked(shell)
    const { shell: watching, flushed } = watched()
    await succeed(run(seal(place(root), { release: newId, record: '{}', run: '{}', hooked: false }), watching))
    const [files, ...more] = flushed()
    expect(more).toEqual([])
    expect(files).toContain(`./${newTarget}/file`)
    expect(files).not.toContain(`./.clonedeploy/manifests/${newId}.seal`)
  })

  it('a swap, before it is said to be flushed', async () => {
    const { shell: watching, flushed } = watched()
    const { waiting } = await armed(watching)
    waiting.send('go t1')
    for (const line of ['renamed', `swapped ${newTarget}`, 'flushed']) expect(await waiting.line()).toBe(line)
    expect(flushed().map(files => files.includes(`current ${newTarget}`))).toEqual([true])
    waiting.send('end')
  })

  it('the way back, before it is said', async () => {
    const { root } = await swapped(shell)
    const { shell: watching, flushed } = watched()
    await succeed(run(restore(place(root), newId), watching))
    expect(flushed().map(files => files.includes(`current ${oldTarget}`))).toEqual([true])
  })

  it('a confirmation', async () => {
    const { root } = await swapped(shell)
    const { shell: watching, flushed } = watched()
    await succeed(run(confirm(place(root), newId), watching))
    expect(flushed().map(files => files.includes(`./${tx}/outcome.confirmed`))).toEqual([true])
  })

  it('the decision about a swap that a dead run left', async () => {
    const root = await staged(shell)
    const { shell: watching, flushed } = watched()
    await succeed(run(decide(place(root), 'reverted'), watching))
    expect(flushed().map(files => files.includes(`./${tx}/outcome.reverted`))).toEqual([true])
  })

  it.each([
    ['of the fleet', recordFleet, 'fleet'],
    ['of what a run has drained', recordDrains, 'drained'],
  ] as const)('the record %s', async (_, record, file) => {
    const root = await locked(shell)
    const { shell: watching, flushed } = watched()
    await succeed(run(record(place(root), '{}'), watching))
    expect(flushed().map(files => files.includes(`./.clonedeploy/${file}`))).toEqual([true])
  })

  it('an earlier release that was brought, before it is kept', async () => {
    const root = await locked(shell, { files: {} })
    writeFiles(root, { [`${tx}/made`]: `${newId}\n` })
    const { shell: watching, flushed } = watched()
    await succeed(run(keep(place(root), newId), watching))
    expect(flushed().map(files => files.includes(`./${tx}/made`))).toEqual([true])
    expect(existsSync(join(root, tx, 'made'))).toBe(false)
  })
})
