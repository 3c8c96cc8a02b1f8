import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Connection } from '../../src/connection/connection.js'
import { connectLocal } from '../../src/connection/this-machine.js'
import { noneLeft } from '../../src/fleet/health/processes.js'
import { seenToServe } from '../../src/fleet/read/seen-to-serve.js'
import { never } from '../../src/fleet/stop.js'
import type { HostRun, Run } from '../../src/fleet/transaction/run.js'
import type { ProcessStep } from '../../src/plan/plan.js'
import { processes } from '../../src/scripts/read/processes.js'
import { Script } from '../../src/scripts/shell/shell.js'
import { nameOf } from '../support/processes.js'

const renew = { script: new Script('renew', 'exit 1') }
const held = { script: new Script('renew', ':') }
const step = { script: new Script('later', ':') }
const later = { confirm: step, prune: null, record: null, finish: step, look: step }

describe('a process in releases/a', () => {
  const root = mkdtempSync(join(tmpdir(), 'clonedeploy-old-'))
  let connection: Connection
  let living: ChildProcess
  beforeAll(async () => {
    mkdirSync(join(root, 'releases/a'), { recursive: true })
    living = spawn('sleep', ['600'], { cwd: join(root, 'releases/a'), stdio: 'ignore', detached: true })
    await vi.waitFor(() => expect(nameOf(living.pid ?? 0)).toBe('sleep'), 300_000)
    connection = await connectLocal({ name: 'h1', host: 'h1', roles: [], deployTo: '/', env: {} }, { timeout: 20_000 })
  })
  afterAll(() => {
    connection.close()
    living.kill('SIGKILL')
    rmSync(root, { recursive: true })
  })

  it.each([
    ['is nothing when a is served', 'health', 'a', 'fail', 1, 'nothing'],
    ['fails the swap to b', 'health', 'b', 'fail', 1, 'failure'],
    ['is told of the swap to b where that was asked for', 'health', 'b', 'warn', 1, 'warning'],
    ['is nothing on the way back from b, which it did not come from', 'rollback', 'b', 'fail', 1, 'nothing'],
    ['fails the way back from a', 'rollback', 'a', 'fail', 1, 'failure'],
    ['is told on the way back from a to nothing, with nothing to restart', 'rollback', 'a', 'fail', 0, 'warning'],
  ] as const)('%s', async (_, phase, release, old, restarts, expected) => {
    const warnings: string[] = []
    const asked: ProcessStep = {
      ...{ kind: 'processes', name: 'processes', text: '', script: processes(root), release, within: 0, old },
    }
    const restarted = Array(restarts).fill({})
    const plan = { processes: asked, restart: restarted, restartOld: restarted, renew, ...later }
    const host = { name: 'h1', session: connection, plan, healthy: true } as unknown as HostRun
    const run = { stop: never, emit: () => {}, warnings } as unknown as Run
    const failure = await noneLeft(run, host, phase)
    const words = `still runs a: sleep (pid ${living.pid})`
    expect(failure?.message ?? null).toBe(expected === 'failure' ? words : null)
    expect(warnings).toEqual(expected === 'warning' ? [`h1: ${words}`] : [])
    expect(host.healthy).toBe(expected !== 'failure')
  })

  it('is told where it was to be ended, with what ends it: nobody meets it', async () => {
    const warnings: string[] = []
    const asked = { kind: 'processes', script: processes(root), release: 'b', within: 0, old: 'fail' }
    const plan = { processes: asked, restart: [{}], restartOld: [{}], renew, ...later }
    const current = { kind: 'known', target: 'releases/b' }
    const host = { name: 'h1', session: connection, plan, healthy: true, current } as unknown as HostRun
    expect(await noneLeft({ stop: never, emit: () => {}, warnings } as unknown as Run, host, 'cool')).toBeNull()
    expect(host.healthy).toBe(true)
    const { pid } = living
    expect(warnings).toEqual([
      `h1: still runs a: sleep (pid ${pid}); to end it: clonedeploy run --only h1 -- kill ${pid}`,
    ])
  })

  it.each([
    ['is heard from', held, true],
    ['is not heard from when the lock is lost, whose processes are read all the same', renew, false],
  ])('its host %s', async (_, lease, heard) => {
    const asked = { kind: 'processes', script: processes(root), release: 'b', within: 0, old: 'fail' }
    const plan = { processes: asked, restart: [{}], restartOld: [{}], renew: lease, ...later }
    const host = { name: 'h1', session: connection, plan, healthy: true, heard: 0 } as unknown as HostRun
    const failure = await noneLeft({ stop: never, emit: () => {}, warnings: [] } as unknown as Run, host, 'health')
    expect(failure?.step).toBe('processes')
    expect(host.heard > 0).toBe(heard)
  })

  it('is not said to be gone where the host could not be read', async () => {
    const warnings: string[] = []
    const asked = { kind: 'processes', script: processes(join(root, 'nowhere')), release: 'b', within: 0, old: 'fail' }
    const plan = { processes: asked, restart: [{}], restartOld: [{}], renew, ...later }
    const host = { name: 'h1', session: connection, plan, healthy: true } as unknown as HostRun
    expect(await noneLeft({ stop: never, emit: () => {}, warnings } as unknown as Run, host, 'health')).toBeNull()
    expect(warnings).toEqual(['h1: whether a process of another release is left could not be read'])
  })
})

describe('a host whose link is back and whose restart failed is seen to serve', () => {
  const root = mkdtempSync(join(tmpdir(), 'clonedeploy-seen-'))
  let connection: Connection
  const living: ChildProcess[] = []
  beforeAll(async () => {
    for (const id of ['old', 'new']) {
      mkdirSync(join(root, 'releases', id), { recursive: true })
      living.push(spawn('sleep', ['600'], { cwd: join(root, 'releases', id), stdio: 'ignore', detached: true }))
    }
    await vi.waitFor(() => expect(living.map(({ pid }) => nameOf(pid ?? 0))).toEqual(['sleep', 'sleep']))
    connection = await connectLocal({ name: 'h1', host: 'h1', roles: [], deployTo: '/', env: {} }, { timeout: 20_000 })
  })
  afterAll(() => {
    connection.close()
    for (const child of living) child.kill('SIGKILL')
    rmSync(root, { recursive: true })
  })

  /** Of the processes that live there, those that this is said of. */
  const only = (what: string) =>
    new Script('processes', `( ${processes(root).text} ) | grep -e '${what}' -e @whole; exit 0`)
  it.each([
    ['the old release, healthy and with no process but of it', ['true'], ' old ', 'old'],
    ['nothing certain, with a process of the new one', ['true'], ' old \\| new ', 'unknown'],
    ['nothing certain, with no process that can be seen', ['true'], 'none', 'unknown'],
    ['nothing certain, where no health is asked', [], 'old', 'unknown'],
    ['nothing well, where one answer is wrong', ['true', 'false'], 'old', 'unhealthy'],
  ] as const)('%s', async (_, answers, seen, wanted) => {
    const healthOld = answers.map(run => ({
      check: { kind: 'command', tryTimeout: 5000 },
      target: { script: new Script('health', run) },
    }))
    const plan = { healthOld, oldRelease: 'old', processes: { script: only(seen), release: 'new' } }
    expect(await seenToServe({ plan, session: connection } as unknown as HostRun)).toBe(wanted)
  })
})
