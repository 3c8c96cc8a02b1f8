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

it.each([
  ['bin/restart.sh now', 'sh: 1: bin/restart.sh: Permission denied', 'bin/restart.sh'],
  ['cd web && ./restart', 'bash: line 1: ./restart: Permission denied', 'restart'],
  ['/usr/local/bin/restart', 'sh: 1: /usr/local/bin/restart: Permission denied', null],
  ['bin/restart.sh', 'bin/restart.sh: cannot read /etc/shop: Permission denied', null],
])('`%s` that cannot be executed, because %j, has a hint only where its file lacks a bit', (text, said, file) => {
  const result = { code: codes.hook, signal: null, lost: null, stdout: Buffer.from('exit 126\n'), ms: 1 }
  const failure = failureOf({ ...attempt, step: 'restart', text }, { ...result, stderr: Buffer.from(`${said}\n`) })
  const hint = file && `chmod +x ${file}, which git records by: git update-index --chmod=+x ${file}`
  expect(failure).toMatchObject({ message: `\`${text}\` cannot be executed`, hint })
})

it.each([
  ['tar: a/b: Cannot write: No space left on device\ntar: Exiting with failure status', true],
  ["dd: error writing 'x': No space left on device", true],
  ['cat: write error: no space left on device', true],
  ['tar: Unexpected EOF in archive', false],
  ["dd: closing output file 'x': Disk quota exceeded", 'quota'],
  ['tar: a/b: Cannot write: Disk quota exceeded\ntar: Exiting with failure status', 'quota'],
])('a push that ends with %j names a full disk: %s', (said, full) => {
  const result = { code: codes.unpack, signal: null, lost: null, stdout: Buffer.alloc(0), ms: 1 }
  const why = full === 'quota' ? "the login's disk quota is used up" : 'the disk is full'
  expect(failureOf(attempt, { ...result, stderr: Buffer.from(`${said}\n`) })).toMatchObject(
    full
      ? { message: `${why}: the files could not be written`, hint: 'make room: clonedeploy prune --keep 1' }
      : { message: `the files could not be written: ${said}`, hint: null },
  )
})
