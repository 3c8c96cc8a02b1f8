import { expect, it } from 'vitest'
import { failureOf } from '../../src/fleet/failure.js'
import { codes } from '../../src/scripts/shell/codes.js'

const attempt = { phase: 'lock', step: 'lock', text: 'take the lock', timeout: 1000 } as const
const holder = JSON.stringify({ tx: 'a'.repeat(44), host: 'web-3' })

it.each([
  [`${holder}\n/srv/shop\n`, '/srv/shop is also the folder of web-3'],
  ['{}\n/srv/shop\n', '/srv/shop is also the folder of another host of the inventory'],
])('a lock that finds itself says whose folder it is: %j', (said, sentence) => {
  const result = { code: codes.sameFolder, signal: null, lost: null, stderr: Buffer.alloc(0), ms: 1 }
  const failure = failureOf(attempt, { ...result, stdout: Buffer.from(said) })
  expect(failure).toMatchObject({ message: expect.stringContaining(sentence), output: [] })
})
