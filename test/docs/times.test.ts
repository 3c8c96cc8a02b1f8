import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { lockLease } from '../../src/scripts/transaction/lock.js'
import { shipped } from '../../src/state/protocol-times.js'

const text = readFileSync(join(import.meta.dirname, '../../docs/protocol.md'), 'utf8')

it.each([
  ['the deadline', shipped.deadline, /^\| deadline +\| (\S+) s /m],
  ['the lease', shipped.lease, /^\| lease +\| (\S+) s /m],
  ['the sign of life', shipped.lease / 4, /each touch of `X\/lease` \(every (\S+) s\)/],
  ['the lock’s lease', lockLease, /^The lock's (\S+) s is a third clock/m],
])('the protocol says how long %s is', (_, seconds, words) => {
  expect(Number(words.exec(text)?.[1])).toBe(seconds)
})
