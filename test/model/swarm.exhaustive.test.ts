import { describe, expect, it } from 'vitest'
import { dice } from '../faults/dice.js'
import { isHere } from '../support/installed.js'
import { swarm } from './search.js'

/** Fleets that are too large to look at every state of. */
const large = [
  ['three hosts, of which one reboots', ['HOSTS=3', 'SLEEPERS', 'REBOOTS=1']],
  ['three hosts in batches, with reboots and the boot resolver', ['HOSTS=3', 'BATCHES', 'REBOOTS=2', 'RESOLVER']],
  ['three hosts with warm releases', ['HOSTS=3', 'WARM']],
  ['two deploys at once, of which both may die', ['DEPLOYS=2', 'FAULTY=2']],
  ['two deploys at once, whose scripts may sleep', ['DEPLOYS=2', 'FAULTY=2', 'SLEEPERS', 'NO_LOSSES']],
  ['a repair that dies, and one more', ['REPAIRS=2', 'FAULTY=2', 'SLEEPERS', 'REBOOTS=1']],
  ['a repair that gives up a host', ['REPAIRS=2', 'FAULTY=2', 'GIVE_UP']],
] as const

const seed = Number(process.env.CLONEDEPLOY_SEED ?? Date.now() % 1_000_000)
/** Of each of two walks. */
const seconds = Number(process.env.CLONEDEPLOY_SWARM ?? 8)

describe.skipIf(!isHere('spin'))('the model of a larger transaction', () => {
  it.each(large)('keeps every promise in what chance shows: %s', (what, defines) => {
    const { roll } = dice(seed)
    const seeds = [roll(1_000_000), roll(1_000_000)]
    const found = swarm(defines, seeds, seconds)
    const states = found.map(one => one.states)
    process.stderr.write(`${what}: ${states.join(' and ')} states (CLONEDEPLOY_SEED=${seed})\n`)
    expect({ broken: found.map(({ broken }) => broken), seeds }).toEqual({ broken: [null, null], seeds })
  })

  it('finds the lock of a deploy that was thought dead, woke up and died: it comes after the last repair', () => {
    const [found] = swarm(['DEPLOYS=2', 'FAULTY=2', 'PAUSES', 'SLEEPERS'], [1 + (seed % 1000)], 500)
    expect(found?.broken).toBe('repair_ends')
  })
})
