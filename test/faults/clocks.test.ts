import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exhaustively } from '../support/exhaustively.js'
import { sshdIsHere } from '../support/sshd.js'
import { startHeld } from './held.js'
import { onHosts } from './hosts.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

const hours = 3600
const later = 3 * hours
const earlier = -3 * hours

/** The program's own clock, so many seconds from the real one. */
function clock(seconds: number): Readonly<Record<string, string>> {
  const preload = join(import.meta.dirname, 'clock.mjs')
  return { NODE_OPTIONS: `--import=${preload}`, CLONEDEPLOY_CLOCK: String(seconds) }
}

describe.skipIf(!sshdIsHere())('clocks that', () => {
  const hosts = onHosts()
  const scene = onScene(hosts)
  const jump = () => {
    hosts.setClock(1, later)
    hosts.setClock(2, earlier)
  }
  const served = () => hosts.all.map(i => version(scene.project, i))
  const held = async (kind: string, k: number, when: 'before' | 'after') => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    const running = startHeld(scene.project, 'deploy', { kind, k, when })
    expect(await running.reached()).toBe(true)
    return running
  }

  it('are hours apart, also from one deploy to the next, change no order and no outcome', async () => {
    hosts.setClock(1, later)
    hosts.setClock(3, earlier)
    await scene.deploy('old')
    const old = scene.project.current(1) ?? ''
    scene.project.write(app('new'))
    const deployed = await scene.project.run('deploy', { env: clock(-5 * hours) })
    expect(deployed.code, deployed.stderr).toBe(0)
    expect(served()).toEqual(['new', 'new', 'new'])
    expect((scene.project.current(1) ?? '') > old).toBe(true)
    const back = await scene.project.run('rollback --yes', { env: clock(5 * hours) })
    expect(back.code, back.stderr).toBe(0)
    expect(served()).toEqual(['old', 'old', 'old'])
    await scene.consistent()
  })

  exhaustively('jump while hosts wait for the word make them refuse it, and all go back', async () => {
    const running = await held('word', 1, 'before')
    // Hosts compare the times of files, which no program on PATH can falsify: the limits move instead of the clock.
    move(scene.project.on(1, '.clonedeploy/tx'), -later)
    move(scene.project.on(2, '.clonedeploy/tx'), -earlier)
    running.resume()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(5)
    expect(stderr.match(/✖ h[12] .*exit code 82/g)).toHaveLength(2)
    expect(served()).toEqual(['old', 'old', 'old'])
    await scene.consistent()
  })

  exhaustively('jump after the swap end no lease', async () => {
    const running = await held('confirm', 1, 'before')
    expect(served()).toEqual(['new', 'new', 'new'])
    jump()
    running.resume()
    const { code, stderr } = await running.ended
    expect(code, stderr).toBe(0)
    await scene.consistent()
  })

  exhaustively('jump when the controller is dead keep no host from going back', async () => {
    const running = await held('confirm', 1, 'before')
    jump()
    running.child.kill('SIGKILL')
    await running.ended
    await hosts.letTimePass(scene.folders)
    expect(served()).toEqual(['old', 'old', 'old'])
    await scene.ends(['old'])
  })

  exhaustively('jump under a lock may lose it, and then its holder changes nothing any more', async () => {
    const running = await held('armed', 1, 'before')
    for (const i of hosts.all) hosts.setClock(i, later)
    scene.other.write(app('other'))
    const other = await scene.other.run('deploy')
    expect(other.code, other.stderr).toBe(0)
    running.resume()
    const { code, stderr } = await running.ended
    expect([3, 5, 6], stderr).toContain(code)
    expect(served()).toEqual(['other', 'other', 'other'])
    await scene.consistent()
  })
})

/** Moves the limits between which the word is taken, of every transaction in that folder, by so many seconds. */
function move(transactions: string, seconds: number): void {
  for (const id of readdirSync(transactions))
    for (const name of ['early', 'late']) {
      const file = join(transactions, id, name)
      if (!existsSync(file)) continue
      const then = statSync(file).mtimeMs / 1000 + seconds
      utimesSync(file, then, then)
    }
}
