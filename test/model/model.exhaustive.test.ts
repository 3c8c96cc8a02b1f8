import { describe, expect, it } from 'vitest'
import { isHere } from '../support/installed.js'
import { search } from './search.js'

/** Searches that see every state, and what each is of. */
const searched = [
  ['one deploy, and the repair of what it leaves', ['SLEEPERS']],
  ['in batches', ['SLEEPERS', 'BATCHES']],
  ['a host that reboots', ['SLEEPERS', 'REBOOTS=1']],
  ['a host that reboots and has the boot resolver', ['REBOOTS=1', 'RESOLVER']],
  ['with warm releases', ['WARM']],
] as const

/** A break of the protocol, and the promise that it breaks. */
const breaks = [
  ['SWAP_BEFORE_ALL_STAGED', 'barrier', []],
  ['LOST_IS_DONE', 'exit_5', []],
  ['NO_SWITCH', 'dead_mans_switch', []],
  ['NO_DEADLINE', 'late_word', []],
  ['OVERWRITE', 'register', []],
  ['OWN_WAY_BACK_TAKEN_UP', 'exit_0', ['SETTLED_WAY_BACK_STAYS', 'SLEEPERS', 'REBOOTS=1']],
  ['SETTLED_WAY_BACK_STAYS', 'repair_goes_forward', ['SLEEPERS', 'REBOOTS=1']],
  ['REPAIR_FORGETS_CONFIRMED', 'repair_goes_forward', ['SLEEPERS', 'REBOOTS=1']],
  ['LISTED_LATE', 'dead_mans_switch', ['DEPLOYS=2', 'FAULTY=2', 'SLEEPERS', 'NO_LOSSES']],
  ['COOL_EARLY', 'old_runs_on', ['WARM']],
  ['NO_ENDWORK', 'repair_ends', ['WARM']],
] as const

describe.skipIf(!isHere('spin'))('the model of the transaction', () => {
  it.each(searched)('keeps every promise: %s', (what, defines) => {
    const { broken, states, whole } = search(defines)
    process.stderr.write(`${what}: ${states} states\n`)
    expect({ broken, whole }).toEqual({ broken: null, whole: true })
  })

  it.each(breaks)('with %s breaks the promise %s', (define, promise, others) => {
    expect(search([define, ...others]).broken).toBe(promise)
  })
})
