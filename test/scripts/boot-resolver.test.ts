import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Script } from '../../src/scripts/shell/shell.js'
import { bootResolver } from '../../src/scripts/transaction/boot-resolver.js'
import { renew } from '../../src/scripts/transaction/lock.js'
import { confirm, restore } from '../../src/scripts/transaction/swap.js'
import { exhaustively } from '../support/exhaustively.js'
import { inodes } from '../support/files.js'
import { isHere } from '../support/installed.js'
import { currentOf, folder, place, run, type Shell, shells } from '../support/scripts.js'
import { armOf, newId, newTarget, oldTarget, recordsOf, type Setup, staged, succeed } from './staged.js'

const resolver = (folders: readonly string[], lease = 60) =>
  new Script('boot', bootResolver({ app: 'shop', stage: 'production', folders, lease, user: null }).script)
const noted = `printf '%s\\n' "$(readlink current)" >>restarted\n`
const inTx = (root: string, record: string) => join(root, '.clonedeploy/tx/t1', record)

/** A folder as a host has it that lost its power after the swap: nothing of the run is alive. */
async function rebooted(shell: Shell, setup: Setup = {}, lease = 500): Promise<string> {
  const root = await staged(shell, { ...setup })
  execFileSync('mv', ['-f', inTx(root, 'stage/go/current'), `${root}/`])
  renameSync(inTx(root, 'state.staged'), inTx(root, 'state.swapped'))
  const then = Date.now() / 1000 - lease
  utimesSync(inTx(root, 'lease'), then, then)
  return root
}

const noticed = (root: string) =>
  existsSync(join(root, 'restarted')) ? readFileSync(join(root, 'restarted'), 'utf8') : null

describe.each(shells)('after a reboot, the boot resolver under $name', shell => {
  it('puts back what was swapped and never decided, and restarts the app', async () => {
    const root = await rebooted(shell, { restart: noted, bad: 'put back' })
    expect(currentOf(root)).toBe(newTarget)
    expect(await run(resolver([root]), shell)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(currentOf(root)).toBe(oldTarget)
    expect(recordsOf(root)).toEqual(['outcome.reverted', 'state.swapped'])
    expect(noticed(root)).toBe(`${oldTarget}\n`)
    expect(existsSync(inTx(root, 'restart'))).toBe(false)
    expect(readFileSync(join(root, '.clonedeploy/bad', newId), 'utf8')).toBe('put back\n')
    expect((await run(confirm(place(root), newId), shell)).code).toBe(83)
    expect((await run(restore(place(root), newId), shell)).stdout).toBe(`current ${oldTarget}\n`)
  })

  it('takes current away again where nothing was', async () => {
    const root = await rebooted(shell, { old: null, restart: '' })
    await succeed(run(resolver([root]), shell))
    expect(currentOf(root)).toBeNull()
  })

  it('puts back a swap that was cut off before its rename was recorded', async () => {
    const root = await rebooted(shell, { restart: noted })
    renameSync(inTx(root, 'state.swapped'), inTx(root, 'state.armed'))
    await succeed(run(resolver([root]), shell))
    expect(currentOf(root)).toBe(oldTarget)
  })

  it('completes a way back that was cut off after its decision', async () => {
    const root = await rebooted(shell, { restart: noted })
    renameSync(inTx(root, 'undecided'), inTx(root, 'outcome.reverted'))
    await succeed(run(resolver([root]), shell))
    expect(currentOf(root)).toBe(oldTarget)
    expect(noticed(root)).toBe(`${oldTarget}\n`)
  })

  it.each<[string, (root: string) => void]>([
    ['was confirmed', root => renameSync(inTx(root, 'undecided'), inTx(root, 'outcome.confirmed'))],
    ['was only staged', root => renameSync(inTx(root, 'state.swapped'), inTx(root, 'state.staged'))],
    [
      'was armed',
      root => {
        renameSync(inTx(root, 'state.swapped'), inTx(root, 'state.armed'))
        symlinkSync(newTarget, inTx(root, 'stage/go/current'))
      },
    ],
    [
      'was called off',
      root => {
        renameSync(inTx(root, 'state.swapped'), inTx(root, 'state.armed'))
        symlinkSync(newTarget, inTx(root, 'stage/aside'))
      },
    ],
    ['was disarmed', root => renameSync(inTx(root, 'state.swapped'), inTx(root, 'state.disarmed'))],
    ['has lost what it would bring', root => rmSync(inTx(root, 'next'))],
    ['has an empty record of it', root => writeFileSync(inTx(root, 'next'), '')],
  ])('leaves a transaction alone that %s', async (_, change) => {
    const root = await rebooted(shell, { restart: noted })
    change(root)
    const before = inodes(root)
    await run(resolver([root]), shell)
    expect(inodes(root)).toEqual(before)
  })

  it('leaves a current alone that somebody has set since', async () => {
    const root = await rebooted(shell, { restart: '' })
    execFileSync('ln', ['-sfn', 'releases/by-hand', join(root, 'current')])
    await succeed(run(resolver([root]), shell))
    expect(currentOf(root)).toBe('releases/by-hand')
  })

  it('keeps a restart that fails, for a repair', async () => {
    const root = await rebooted(shell, { restart: 'exit 7\n' })
    await succeed(run(resolver([root]), shell))
    expect(currentOf(root)).toBe(oldTarget)
    expect(existsSync(inTx(root, 'restart'))).toBe(true)
  })

  it('goes through all folders, also past those that are not there', async () => {
    const home = folder()
    const [first, second] = [await rebooted(shell, { restart: '' }), await rebooted(shell, { restart: '' })]
    execFileSync('mv', [second, join(home, "it's $(here)")])
    const folders = ['/nowhere/at/all', first, "it's $(here)", '~/absent']
    expect(await run(resolver(folders), shell, { env: { HOME: home } })).toEqual({ code: 0, stdout: '', stderr: '' })
    expect([currentOf(first), currentOf(join(home, "it's $(here)"))]).toEqual([oldTarget, oldTarget])
  })

  it('cannot be armed or swapped any more afterwards', async () => {
    const root = await rebooted(shell, { restart: '' })
    await succeed(run(resolver([root]), shell))
    expect((await run(armOf(root), shell)).code).toBe(82)
    expect(currentOf(root)).toBe(oldTarget)
  })
})

describe.each(shells)('while the lease is under way, the boot resolver under $name', { concurrent: true }, shell => {
  it.each([
    ['waits until it is over', 0],
    ['waits as long, whatever a clock that was set back says', -100_000],
  ])('%s', async (_, age) => {
    const root = await rebooted(shell, { restart: noted }, age)
    await succeed(run(resolver([root], 2), shell))
    expect([currentOf(root), noticed(root)]).toEqual([oldTarget, `${oldTarget}\n`])
  })

  it('leaves a host alone that a living controller renews, until that confirms it', async () => {
    const root = await rebooted(shell, { restart: noted }, 0)
    const booting = run(resolver([root], 3), shell)
    const end = performance.now() + 5000
    while (performance.now() < end) {
      await succeed(run(renew(place(root)), shell))
      expect(recordsOf(root)).toEqual(['state.swapped', 'undecided'])
      await new Promise(resolve => setTimeout(resolve, 200))
    }
    await succeed(run(confirm(place(root), newId), shell))
    expect((await booting).code).toBe(0)
    expect([currentOf(root), noticed(root)]).toEqual([newTarget, null])
  })
})

describe('what is printed for a host', () => {
  const files = bootResolver({ app: "my 'shop'", stage: 'eu/1', folders: ['/srv/shop'], lease: 15, user: 'anna' })

  it('is one script that says how it is started at boot, by cron or by systemd', () => {
    expect(files.cron).toBe('@reboot /bin/sh /usr/local/lib/clonedeploy-boot-my--shop--eu-1')
    expect(files.script).toMatch(/^#!\/bin\/sh\n# At boot: puts back what a deploy of my 'shop' \(eu\/1\) swapped/)
    expect(files.script).toContain(`#      ${files.cron}\n`)
    for (const line of files.unit.split('\n').filter(text => text !== ''))
      expect(files.script).toContain(`#      ${line}\n`)
    expect(files.unit).toContain('User=anna\nExecStart=/bin/sh /usr/local/lib/clonedeploy-boot-my--shop--eu-1\n')
  })

  exhaustively.skipIf(!isHere('systemd-analyze'))('is a unit that systemd understands', () => {
    const unit = join(folder(), 'clonedeploy-boot.service')
    writeFileSync(unit, `${files.unit.replace('User=anna', 'User=root')}\n`)
    expect(execFileSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8', stdio: 'pipe' })).toBe('')
  })
})
