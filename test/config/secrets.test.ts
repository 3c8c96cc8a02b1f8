import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import type { SecretSource } from '../../src/config/config.js'
import { commandOutput, resolveSecrets, Secret } from '../../src/config/secrets/resolve-secrets.js'
import { PreflightError } from '../../src/errors.js'
import { project } from './project.js'

type Sources = Readonly<Record<string, SecretSource>>

async function revealed(secrets: Sources, env: Record<string, string>, root = '/'): Promise<object> {
  const values = await resolveSecrets({ root, secrets }, env)
  return Object.fromEntries([...values].map(([name, secret]) => [name, secret.reveal()]))
}

describe('secrets are read', () => {
  it('from the environment, a command in the folder of the config, and a file', async () => {
    const root = await project({ 'token.txt': 'from file\n\n', here: 'from cat\r\n' })
    const secrets = {
      A: { env: 'MY_A' },
      B: { cmd: 'cat here' },
      C: { file: `${root}/token.txt` },
      D: { cmd: 'echo noise >&2; printf "  x  "' },
    }
    const values = { A: 'from env\n', B: 'from cat', C: 'from file\n', D: '  x  ' }
    expect(await revealed(secrets, { MY_A: 'from env\n' }, root)).toEqual(values)
  })

  it('from nowhere when there are none', async () => {
    expect(await revealed({}, {})).toEqual({})
  })
})

it('all secrets that cannot be read are named at once, without the values of the others', async () => {
  const secrets = {
    GOOD: { env: 'GOOD' },
    A: { env: 'A_VAR' },
    EMPTY: { env: 'EMPTY_VAR' },
    B: { cmd: 'echo not signed in >&2; exit 3' },
    C: { file: '/nope/token' },
    D: { cmd: 'true' },
    E: { cmd: 'kill -9 $$' },
    F: { cmd: 'printf "a\\000b"' },
  }
  const error = await resolveSecrets({ root: '/', secrets }, { GOOD: 'hunter2', EMPTY_VAR: '' }).catch(error => error)
  expect(error).toBeInstanceOf(PreflightError)
  expect(error.exitCode).toBe(3)
  expect([error.message, error.changed]).toEqual(['7 secrets cannot be read.', 'nothing'])
  expect(error.details).toEqual([
    'A   $A_VAR is not set here',
    'EMPTY   $EMPTY_VAR is not set here',
    'B   `echo not signed in >&2; exit 3` ended with exit code 3: not signed in',
    "C   ENOENT: no such file or directory, open '/nope/token'",
    'D   is empty',
    'E   `kill -9 $$` was killed by SIGKILL',
    'F   has a NUL byte in it, which no variable can hold',
  ])
})

it('a command that hangs is given up, also when its child holds the pipes', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'clonedeploy-secrets-'))
  const child = 'until [ -e done ]; do sleep 0.1; done & wait'
  expect(await commandOutput(child, dir, 200)).toEqual({ problem: `\`${child}\` did not end within 200ms` })
  writeFileSync(join(dir, 'done'), '')
})

describe('a secret shows as [redacted]', () => {
  const secret = new Secret('hunter2')
  it.each([
    ['in a template', `${secret}`],
    ['joined to text', `${['', secret].join('')}`],
    ['as JSON', JSON.parse(JSON.stringify({ secret })).secret],
    ['inspected', inspect(secret)],
  ])('%s', (_how, shown) => {
    expect(shown).toBe('[redacted]')
  })

  it('deep in other things, with hidden properties shown', () => {
    const shown = inspect({ a: [new Map([['x', secret]])] }, { depth: 9, showHidden: true })
    expect(shown).toContain('[redacted]')
    expect(shown).not.toContain('hunter2')
  })

  it('but is there for who asks', () => {
    expect(secret.reveal()).toBe('hunter2')
  })
})
