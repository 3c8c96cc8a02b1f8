import { describe, expect, it } from 'vitest'
import { counterexample, type Schedule, scheduleOf, wordsOf } from '../model/schedule.js'
import { isHere } from '../support/installed.js'
import { sshdIsHere } from '../support/sshd.js'
import { onHosts } from './hosts.js'
import { replay } from './replay.js'
import { onScene } from './scene.js'
import { app, version } from './whole.js'

const seed = Number(process.env.CLONEDEPLOY_SEED ?? 0)
/** A part of a slice has about three. */
const throws = Array.from({ length: 72 }, (_, n) => n + 1)

/** A break of the protocol, what the program does not do of the shortest schedule that shows it, and what is served then. */
const breaks = [
  ['SWAP_BEFORE_ALL_STAGED', [], 'h1: tx0 arms', 'old'],
  // The other host is confirmed meanwhile, so all are brought forward.
  ['OVERWRITE', [], 'h2: tx0 is confirmed', 'new'],
  ['NO_SWITCH', [], 'silence', 'old'],
  ['REPAIR_FORGETS_CONFIRMED', ['SLEEPERS', 'REBOOTS=1'], null, 'new'],
] as const

// No host has SFTP here: each swaps by a command, which can be held.
describe.skipIf(!(sshdIsHere() && isHere('spin')))('a schedule of the model', () => {
  const hosts = onHosts(2, undefined, () => false)
  const scene = onScene(hosts)
  const prepared = async ({ sick }: Schedule) => {
    await scene.deploy('old')
    scene.project.write(app('new'))
    const health = { run: '! grep -q "^new " version', timeout: '1s' }
    if (sick) scene.project.configure({ source: { dir: 'site' }, health })
  }
  const served = () => hosts.all.map(i => version(scene.project, i) ?? '')

  it.each(throws)('by throw %i of the dice is what real hosts go through, to the same end', async nth => {
    const dice = seed + nth
    const schedule = scheduleOf(dice)
    await prepared(schedule)
    const { refused, deploy, repair } = await replay(scene, hosts, schedule)
    const told = [`CLONEDEPLOY_SEED=${seed}`, ...schedule.steps.map(wordsOf), deploy.stderr].join('\n')
    expect(refused, told).toBe(null)
    expect(repair?.code, `${told}\n${repair?.stderr}`).toBe(0)
    expect(served(), told).toEqual(schedule.served.map(isNew => (isNew ? 'new' : 'old')))
    await scene.ends(served())
  })

  it.each(breaks)('that shows %s %j is not what the program does', async (define, others, step, release) => {
    const schedule = counterexample([define, ...others])
    await prepared(schedule)
    const { refused, deploy } = await replay(scene, hosts, schedule, 10_000)
    expect(refused, [...schedule.steps.map(wordsOf), deploy.stderr].join('\n')).toBe(step)
    await scene.ends([release])
  })
})
