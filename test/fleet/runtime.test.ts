import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Config } from '../../src/config/config.js'
import { ConnectError } from '../../src/connection/errors.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { readRuntime } from '../../src/fleet/read/runtime.js'
import { type Session, startSession } from '../../src/fleet/session.js'
import { type RuntimeStep, runtimeSteps } from '../../src/plan/app/runtime.js'
import type { HostState } from '../../src/state/host-state.js'
import { host as stateOf } from '../plan/states.js'

const id = '20261203-080000-abcdefa'

describe('what has to print the same on every host', () => {
  const root = mkdtempSync(join(tmpdir(), 'clonedeploy-runtime-'))
  const host = { name: 'web-1', host: 'web-1', roles: ['web'], deployTo: root, env: { OF_HOST: 'h' } }
  let session: Session

  beforeAll(async () => {
    mkdirSync(join(root, 'releases', id), { recursive: true })
    writeFileSync(join(root, 'releases', id, 'version'), 'v1\n')
    symlinkSync(`releases/${id}`, join(root, 'current'))
    session = startSession(await connectLocal(host, { timeout: 20_000 }), connectLocal, 20_000, () => {})
  })
  afterAll(() => {
    session.close()
    rmSync(root, { recursive: true })
  })

  const served: Partial<HostState> = {
    root,
    current: { kind: 'link', target: `releases/${id}`, resolves: true, release: id },
  }
  const asked = (run: string, more: Partial<HostState> = {}, roles: readonly string[] | null = null) => {
    const config = { app: 'shop', stage: 'live', env: { OF_ALL: 'a' }, secrets: {}, runtime: [{ run, roles }] }
    return runtimeSteps(config as unknown as Config, host, stateOf('web-1', { ...served, ...more }))
  }
  const said = async (steps: readonly RuntimeStep[]) => (await readRuntime(session, steps))[0]

  it.each([
    ['its first line with anything in it', 'echo; echo " v20.12.0 "; echo more', true, 'v20.12.0'],
    ['that of stderr where stdout is empty', 'echo "openjdk 21" >&2; echo more >&2', true, 'openjdk 21'],
    ['nothing', 'true', true, 'nothing'],
    [
      'what a hook sees of its release and its host',
      'echo $(cat version) $OF_ALL$OF_HOST $CLONEDEPLOY_RELEASE',
      true,
      `v1 ah ${id}`,
    ],
    ['a line that cannot harm a terminal', "printf 'v1\\033[2J\\n'", true, 'v1\\x1b[2J'],
    ['a long line cut', "printf '%0300d\\n' 7", true, `${'0'.repeat(200)}… (100 more characters)`],
    ['how it fails, with its own words', 'echo "not here" >&2; exit 3', false, 'exit code 3: not here'],
    ['how it fails, by what it printed', 'echo "not here"; exit 3', false, 'exit code 3: not here'],
    ['how it fails, without a word', 'exit 3', false, 'exit code 3'],
  ])('is %s', async (_, run, ok, says) => expect(await said(asked(run))).toEqual({ run, ok, says }))

  it('is nothing of what prints without end, or does not end', async () => {
    const endless = await said(asked('yes'))
    expect(endless).toMatchObject({ ok: false, says: expect.stringContaining('more than') })
    const steps = asked('sleep 600').map(step => ({ ...step, timeout: -9_000 }))
    expect(await said(steps)).toMatchObject({ ok: false, says: expect.stringMatching(/1 ?s/) })
  })

  it('is asked in deployTo before there is a release, and nowhere before that', async () => {
    const first = await said(asked('pwd', { current: { kind: 'absent' } }))
    expect(first?.says).toBe(root)
    expect(asked('pwd', { rootKind: 'absent' })).toEqual([])
  })

  it('is asked only of the roles that it is for', () => {
    expect(asked('true', {}, ['web'])).toHaveLength(1)
    expect(asked('true', {}, ['worker'])).toEqual([])
  })

  it('is not known of a host that is lost', async () => {
    const gone = startSession(
      await connectLocal(host, { timeout: 20_000 }),
      () => Promise.reject(new ConnectError('unreachable', 'web-1', 'web-1: no route to host')),
      20_000,
      () => {},
    )
    gone.close()
    await gone.connection().closed
    expect(await readRuntime(gone, asked('true'))).toEqual([])
  })
})
